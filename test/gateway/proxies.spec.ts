import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import type { EmbeddedGatewayOptions } from '../../src/index.js';
import { createFolder, removeFolders } from '../support/certificates.js';
import { GatewayClient } from '../support/gateway-client.js';
import { configurations, withHaproxy, withNginx, type StartProxy } from '../support/guide.proxies.js';
import { HostProcess, killHosts } from '../support/host-process.js';
import { describeWith, haproxy, nginx, openssl, type Program } from '../support/program.js';
import { stopProxies } from '../support/proxy.process.js';
import { freePort } from '../support/redis.server.js';

async function stop(): Promise<void> {
  await killHosts();
  await stopProxies();
  removeFolders();
}

/** What a test of a proxy has before it. */
interface Site {
  readonly url: string;
  readonly nodes: readonly [HostProcess, HostProcess];
}

const asAddress = ({ url }: HostProcess): string => {
  const path = /^ws\+unix:(.+):\/ws$/.exec(url)?.[1];
  return path === undefined ? new URL(url).host : `unix:${path}`;
};

/** Two processes and a proxy before them. */
async function start(
  startProxy: StartProxy,
  options: EmbeddedGatewayOptions | readonly EmbeddedGatewayOptions[] = {},
  changes: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const [first, second] = (Array.isArray(options) ? options : [options, options]) as EmbeddedGatewayOptions[];
  const nodes = await Promise.all(
    [first, second].map((own) =>
      HostProcess.start({ ...(own?.socketPath === undefined && { port: 0 }), trustedProxies: 1, ...own }),
    ),
  );
  const port = await freePort();
  await startProxy(nodes.map(asAddress), port, changes);
  return { url: `wss://127.0.0.1:${port}/ws`, nodes: [nodes[0]!, nodes[1]!] };
}

const open = ({ url }: Site, headers: Record<string, string> = {}): Promise<GatewayClient> =>
  GatewayClient.open(url, { rejectUnauthorized: false, headers });

async function statusAt(url: string, path: string): Promise<number | undefined> {
  const { port } = new URL(url);
  const request = get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function pidOf(client: GatewayClient): Promise<number> {
  client.send({ action: 'echo' });
  return ((await client.nextJson()) as { process: number }).process;
}

/** Clients, in two groups: those of the first process and those of the second. */
async function openOnBoth(site: Site, count: number): Promise<[GatewayClient[], GatewayClient[]]> {
  const groups: [GatewayClient[], GatewayClient[]] = [[], []];
  for (let index = 0; index < count; index++) {
    const client = await open(site);
    groups[(await pidOf(client)) === site.nodes[0].pid ? 0 : 1].push(client);
  }
  return groups;
}

const proxies: readonly [Program, StartProxy, string][] = [
  [nginx, withNginx, 'proxy_read_timeout 75s'],
  [haproxy, withHaproxy, 'timeout tunnel 75s'],
];

for (const [program, startProxy, timeout] of proxies) {
  describeWith([program, openssl], `two processes behind ${program.command} as the guide sets it up`, () => {
    describe('while both are there', () => {
      let site: Site;
      beforeAll(async () => {
        site = await start(startProxy);
      }, 60_000);
      afterAll(stop);

      it('share the clients, and talk to each', async () => {
        const [atFirst, atSecond] = await openOnBoth(site, 8);
        expect([atFirst.length, atSecond.length]).toEqual([4, 4]);
        for (const [index, group] of [atFirst, atSecond].entries()) {
          group[0]!.send({ action: 'shout', from: index });
          for (const client of group) {
            expect(await client.nextJson()).toEqual({ shouted: { action: 'shout', from: index } });
          }
        }
        await Promise.all([...atFirst, ...atSecond].map((client) => client.close()));
      });

      it('know the address of each client, whatever it says of itself', async () => {
        const before = site.nodes.map((node) => node.all('connected').length);
        const client = await open(site, { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7' });
        const all = await Promise.race(
          site.nodes.map((node, index) => node.until('connected', (before[index] ?? 0) + 1)),
        );
        const told = all.at(-1);
        expect(told).toMatchObject({ sourceIp: '127.0.0.1' });
        const headers = Object.entries(told!.headers).map(([name, value]) => [name.toLowerCase(), value]);
        expect(Object.fromEntries(headers)).toMatchObject({ 'x-forwarded-proto': 'https' });
        await client.close();
      });

      it('are reached at their path only: neither @connections nor the probes are', async () => {
        const { url } = site;
        expect(await statusAt(url, '/ws')).toBe(426);
        for (const path of ['/ws/@connections/BFHPhfCWIAMCKlQ=', '/ws/%40connections/x', '/readyz', '/livez', '/']) {
          expect([path, await statusAt(url, path)]).toEqual([path, 404]);
        }
      });
    });

    describe('while one of them is not what it was', () => {
      afterEach(stop);

      it('take in all who come while one of them closes, those that it parts from too', async () => {
        const site = await start(startProxy, { drain: { graceMs: 20_000 } });
        const [atFirst, atSecond] = await openOnBoth(site, 6);
        // Keeps the process from ending, so that it refuses with 503 instead of not being there.
        atFirst[0]!.send({ action: 'stuck' });
        await site.nodes[0].until('working', 1);
        site.nodes[0].kill('SIGTERM');
        for (const client of atFirst.slice(1)) expect(await client.closed).toMatchObject({ code: 1012 });
        const comers = await Promise.all(Array.from({ length: 6 }, () => open(site)));
        for (const client of [...comers, ...atSecond]) expect(await pidOf(client)).toBe(site.nodes[1].pid);
        await Promise.all([...comers, ...atSecond].map((client) => client.close()));
      }, 60_000);

      it('keep a client that is silent, as long as they ping it more often than the time-out of the proxy', async () => {
        const short = { [timeout]: timeout.replace('75s', '2s') };
        const site = await start(startProxy, [{ pingIntervalSeconds: 1 }, { pingIntervalSeconds: 0 }], short);
        const [[kept], [dropped]] = await openOnBoth(site, 2);
        let pings = 0;
        kept!.socket.on('ping', () => pings++);
        expect(await dropped!.closed).toMatchObject({ code: 1006 });
        expect(pings).toBeGreaterThan(0);
        expect(await pidOf(kept!)).toBe(site.nodes[0].pid);
        await kept!.close();
      }, 60_000);
    });
  });
}

describeWith([nginx, openssl], 'two processes behind nginx, on Unix sockets as the guide shows', () => {
  afterEach(stop);

  it('share the clients, and know their addresses', async () => {
    const folder = createFolder();
    const options = ['one', 'two'].map((name) => ({ socketPath: join(folder, `${name}.sock`) }));
    const site = await start(withNginx, options);
    const [atFirst, atSecond] = await openOnBoth(site, 4);
    expect([atFirst.length, atSecond.length]).toEqual([2, 2]);
    for (const node of site.nodes) {
      for (const { sourceIp } of await node.until('connected', 2)) expect(sourceIp).toBe('127.0.0.1');
    }
    await Promise.all([...atFirst, ...atSecond].map((client) => client.close()));
  }, 60_000);
});

describe('the guide to proxies', () => {
  it('has the configurations that these tests run', () => {
    expect(configurations('nginx')).toHaveLength(2);
    expect(configurations('haproxy')).toHaveLength(1);
  });
});
