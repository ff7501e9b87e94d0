import { describe, expect, it } from '@jest/globals';
import { resolveWebSocketOptions } from '../../src/websocket.options-resolver.js';
import { blocksOf, readDocument } from './documents.js';

const { gateway, storeTimeoutMs } = resolveWebSocketOptions({ gateway: { port: 0 } }, {});
const { drain, probes, pingIntervalSeconds } = gateway!;

/** The number behind a name in a document's blocks. */
function numberIn(document: string, name: string): number {
  const text = blocksOf(document)
    .map((block) => block.text)
    .join('\n');
  const found = new RegExp(`${name}:? (\\d[\\d_]*)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`${document} has no ${name}.`);
  return Number(found.replaceAll('_', ''));
}

describe('the guide to Kubernetes', () => {
  const document = 'docs/guides/kubernetes.md';
  const deployment = blocksOf(document).find(({ text }) => text.includes('kind: Deployment'))!.text;

  it('gives pods more time to end than the drain may take', () => {
    const delayMs = numberIn(document, 'delayMs');
    const longestMs = delayMs + drain.durationMs + drain.graceMs;
    expect(numberIn(document, 'terminationGracePeriodSeconds') * 1_000).toBeGreaterThan(longestMs);
    const seconds = [delayMs, drain.durationMs, drain.graceMs].map((ms) => ms / 1_000).join(' + ');
    expect(deployment).toContain(`${seconds} seconds`);
  });

  it('asks the probes where they are, and waits longer than they take to answer', () => {
    const asked = [...deployment.matchAll(/(\w+)Probe:\n\s+httpGet: \{ path: (\S+), port: gateway \}/g)];
    expect(asked.map(([, kind, path]) => [kind, path])).toEqual([
      ['startup', probes!.livenessPath],
      ['liveness', probes!.livenessPath],
      ['readiness', probes!.readinessPath],
    ]);
    const [, readiness = ''] = deployment.split('readinessProbe:');
    expect(Number(/timeoutSeconds: (\d+)/.exec(readiness)?.[1]) * 1_000).toBeGreaterThan(storeTimeoutMs);
  });

  it('keeps connections through the ingress for more than two pings', () => {
    const timeouts = [...readDocument(document).matchAll(/proxy-\w+-timeout: '(\d+)'/g)].map(([, text]) =>
      Number(text),
    );
    expect(timeouts).toHaveLength(2);
    for (const timeout of timeouts) expect(timeout).toBeGreaterThan(2 * pingIntervalSeconds);
  });
});

describe('the guide to proxies', () => {
  it.each(['proxy_read_timeout', 'proxy_send_timeout', 'timeout client', 'timeout server', 'timeout tunnel'])(
    'keeps connections for more than two pings: %s',
    (name) => {
      expect(numberIn('docs/guides/proxies.md', name)).toBeGreaterThan(2 * pingIntervalSeconds);
    },
  );

  it('gives HAProxy the time to notice that a process is not ready', () => {
    const [, seconds = NaN, falls = NaN] = /inter (\d+)s fall (\d+)/.exec(readDocument('docs/guides/proxies.md')) ?? [];
    expect(numberIn('docs/guides/proxies.md', 'delayMs')).toBeGreaterThan(Number(seconds) * Number(falls) * 1_000);
  });
});
