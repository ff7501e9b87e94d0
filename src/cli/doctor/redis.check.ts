import { compareClocks } from './clock.comparison.js';
import { problem, warning, type Finding } from './finding.js';

/**
 * Looks at what only Redis knows of itself: its clock, whether it is a replica, and whether it throws keys away when memory is short. What it does not
 * tell (managed ones keep some of it to themselves) is not judged.
 */
export async function checkRedis(url: string, timeoutMs: number): Promise<Finding[]> {
  const { createClient } = await import('@redis/client');
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: timeoutMs, socketTimeout: timeoutMs, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  const findings: Finding[] = [];
  try {
    await client.connect();
    const askedAt = Date.now();
    const [seconds, microseconds] = await client.time();
    const answeredAt = Date.now();
    const time = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    findings.push(compareClocks({ of: 'that of Redis', time, resolutionMs: 1, askedAt, answeredAt }));
    findings.push(...judge(`${await client.info('replication')}\n${await client.info('memory')}`));
  } catch {
    // What is the matter with Redis was said of the store.
  } finally {
    if (client.isOpen) client.destroy();
  }
  return findings;
}

function judge(info: string): Finding[] {
  const valueOf = (key: string): string | undefined => new RegExp(`^${key}:(\\S+)`, 'm').exec(info)?.[1];
  const findings: Finding[] = [];
  if (valueOf('role') === 'slave') {
    findings.push(problem('store', 'This Redis is a replica, and takes no writes.', 'Give the URL of the primary.'));
  }
  const policy = valueOf('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction' && valueOf('maxmemory') !== '0') {
    findings.push(
      warning(
        'store',
        `This Redis throws keys away when its memory is full (maxmemory-policy ${policy}), connections among them.`,
        'Set maxmemory-policy to noeviction.',
      ),
    );
  }
  return findings;
}
