import process from 'node:process';
import { Child } from '../fanout/child.js';
import { CLIENT_CORE, SERVER_CORE } from '../state/cores.js';
import { quantile } from '../state/measure.js';
import { RedisServer } from '../state/redis-server.js';
import { ARMS } from './arms/arms.js';
import { BusCounter } from './bus-counter.js';
import { wireOf } from './wire.js';

/** The nodes of one arm, with a process each and, where they share state, a Redis of their own, all on one core; their clients, in one process on the other. */
export class Stand {
  static async start(arm, { nodes = ARMS[arm].nodes } = {}) {
    const stand = new Stand(arm);
    if (ARMS[arm].hasRedis) stand.redis = await RedisServer.start();
    const state = stand.redis === null ? {} : { redis: { url: stand.redis.url }, keyPrefix: KEY_PREFIX };
    const options = { core: SERVER_CORE, execArgv: ['--expose-gc', '--no-warnings'] };
    for (let node = 0; node < nodes; node++) {
      stand.nodes.push(await Child.start('../channels/server.js', [JSON.stringify({ arm, state })], options));
    }
    stand.clients = await Child.start('../channels/clients.js', [], {
      core: CLIENT_CORE,
      execArgv: ['--no-warnings'],
    });
    return stand;
  }

  redis = null;
  nodes = [];

  constructor(arm) {
    this.arm = arm;
    this.wire = wireOf(arm);
  }

  /** Opens so many clients, shared out among some of the nodes. */
  async open(count, nodes = this.nodes) {
    await this.clients.ask({ ask: 'open', count, nodes: nodes.map(({ greeting }) => greeting) });
    this.count = count;
  }

  /** Of what kind the messages are that a question of the clients waits for. */
  kindOf(answer) {
    return { answer: this.wire.kinds[answer], error: this.wire.kinds.error };
  }

  /** The first so many clients subscribe, all at once. */
  subscribe(channel, count = this.count, more = {}) {
    return this.measure({
      ask: 'request',
      text: this.wire.subscribe(channel),
      count,
      ...this.kindOf('subscribed'),
      ...more,
    });
  }

  unsubscribe(channel, count = this.count, more = {}) {
    return this.measure({
      ask: 'request',
      text: this.wire.unsubscribe(channel),
      count,
      ...this.kindOf('unsubscribed'),
      ...more,
    });
  }

  /** Runs a task of the clients: how long it took and each waited in ms, what all nodes and Redis spent on it, and the longest stall of any node. */
  async measure(question) {
    const before = await this.#redisFigures();
    await this.#askAll({ ask: 'begin' });
    const { waits, elapsedMs, bytes } = await this.clients.ask(question);
    const spent = await this.#askAll({ ask: 'end' });
    const after = await this.#redisFigures();
    return {
      elapsedMs,
      bytes,
      p50: quantile([...waits], 0.5),
      p99: quantile([...waits], 0.99),
      cpuUs: spent.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
      stallMs: Math.max(...spent.map(({ stallMs }) => stallMs)),
      redisCpuUs: after.cpuUs - before.cpuUs,
      commands: after.commands - before.commands,
    };
  }

  /** Bytes in use once nothing is left to collect: the heaps of all nodes, their resident memory, and what Redis holds. */
  async memory() {
    const each = await this.#askAll({ ask: 'memory' });
    const sum = (figure) => each.reduce((total, node) => total + node[figure], 0);
    return { heap: sum('heapUsed'), rss: sum('rss'), redis: (await this.redis?.usedMemory()) ?? NaN };
  }

  /** What crosses the bus while a task runs: requests of nodes to nodes, and the answers to them. */
  async countMessages(task) {
    if (this.redis === null) return { requests: NaN, answers: NaN };
    const counter = await BusCounter.start(this.redis, KEY_PREFIX);
    await task();
    return counter.end();
  }

  /** Takes CPU profiles of every node while a task runs. */
  async profiled(file, task) {
    if (file === undefined) return task();
    await this.#askAll({ ask: 'profile' });
    const result = await task();
    for (const [index, node] of this.nodes.entries()) {
      await node.ask({ ask: 'profile', file: `${file}-${index}.cpuprofile` });
    }
    return result;
  }

  /** Ends a node as a machine that fails does. */
  async kill(index) {
    const [node] = this.nodes.splice(index, 1);
    const exited = new Promise((resolve) => node.process.once('exit', resolve));
    process.kill(node.process.pid, 'SIGKILL');
    await exited;
  }

  async stop() {
    await Promise.all(
      [...this.nodes, ...(this.clients === undefined ? [] : [this.clients])].map((child) => child.stop()),
    );
    await this.redis?.stop();
  }

  #askAll(question) {
    return Promise.all(this.nodes.map((node) => node.ask(question)));
  }

  async #redisFigures() {
    if (this.redis === null) return { cpuUs: NaN, commands: NaN };
    const statistics = await this.redis.info('commandstats');
    const callsOf = (command) => Number(/calls=(\d+)/.exec(statistics[`cmdstat_${command}`])?.[1] ?? 0);
    return { cpuUs: await this.redis.cpuUs(), commands: callsOf('evalsha') + callsOf('eval') + callsOf('publish') };
  }
}

const KEY_PREFIX = 'bench:';

/** Runs a task with a stand for each arm, all with their clients connected. */
export async function withStands(arms, count, task) {
  const stands = [];
  try {
    for (const arm of arms) {
      const stand = await Stand.start(arm);
      stands.push(stand);
      await stand.open(count);
    }
    return await task(stands);
  } finally {
    for (const stand of stands) await stand.stop();
  }
}
