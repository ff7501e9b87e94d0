import { RedisConnectionStore } from 'nestjs-apigateway-websocket';
import { startApplication } from '../application.js';
import { operations } from './operations.js';
import { connection, populate, userId } from './population.js';
import { RedisServer } from './redis-server.js';

/** After how many connects the memory is looked at: tables double on the way, and are at their largest per connection just then. */
const WATCH_EVERY = 25_000;

/** A store on a server of its own, with so many connections in it. */
export class SizedStore {
  static async create(size) {
    const server = await RedisServer.start();
    const client = await server.connect();
    const store = new RedisConnectionStore(client);
    const application = await startApplication({ store });
    const sized = new SizedStore(size, server, client, store, application);
    await sized.fill();
    return sized;
  }

  /** The most bytes per connection that it took on the way, from 100,000 connections on. */
  mostBytes = 0;

  constructor(size, server, client, store, application) {
    this.size = size;
    this.server = server;
    this.client = client;
    this.store = store;
    this.application = application;
  }

  get manager() {
    return this.application.manager;
  }

  /** A connection beside those that are there, as an operation takes it. */
  probe(index) {
    const one = connection(this.size + index);
    return { connection: one, connectionId: one.connectionId, userId: userId(this.size + index), index };
  }

  async close() {
    await this.application.close();
    await this.server.stop();
  }

  async fill() {
    const { server, store, size } = this;
    // What the scripts themselves take is not the connections'.
    for (const { run } of operations) await run(store, this.probe(0));
    const empty = await server.usedMemory();
    const bytesEach = async (count) => ((await server.usedMemory()) - empty) / count;
    await populate(store, size, async (connected) => {
      if (connected < 100_000 || connected % WATCH_EVERY !== 0) return;
      this.mostBytes = Math.max(this.mostBytes, await bytesEach(connected));
    });
    this.bytes = await bytesEach(size);
  }
}
