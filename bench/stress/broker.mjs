/** The broker under stress: what it counts, and what it takes, from outside. */
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/ports.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { openFiles } from '../support/watch.mjs';

const HEAP_THREAD = fileURLToPath(new URL('./heap-thread.cjs', import.meta.url));
const HEAP = /^thread (\d+) holds (\d+)$/;
const AUTHORIZATION = `Basic ${Buffer.from('guest:guest').toString('base64')}`;

/** What must be as it was, to the last one: metrics by the names that they have here. */
const COUNTS = {
  connections: /^rabbitmq_connections (\d+)$/m,
  channels: /^rabbitmq_channels (\d+)$/m,
  consumers: /^rabbitmq_consumers (\d+)$/m,
  queues: /^rabbitmq_queues (\d+)$/m,
  ready: /^rabbitmq_queue_messages_ready (\d+)$/m,
  unacked: /^rabbitmq_queue_messages_unacked (\d+)$/m,
};
const UNITS = /^leveret_memory_units\{kind="(\w+)"\} (\d+)$/gm;

/**
 * @typedef {object} Figures
 * @property {Record<string, number>} counts of what clients see
 * @property {Record<string, number>} units of the core's memory that are in use, by kind
 * @property {number} files
 */
/** Megabytes. @typedef {{ heap: number, resident: number }} Taken */

/** What the broker's threads have told of their heaps. */
class Heaps {
  /** @type {Map<string, number>} */
  #known = new Map();
  /** Threads that have not told again since somebody asked. */
  #missing = new Set();
  #onAll = () => {};

  /** @param {string} line */
  hear(line) {
    const [, thread, octets] = HEAP.exec(line) ?? [];
    if (thread === undefined) return;
    this.#known.set(thread, Number(octets));
    if (this.#missing.delete(thread) && this.#missing.size === 0) this.#onAll();
  }

  /** Octets in all threads, each after its next collection. @returns {Promise<number>} */
  async next() {
    this.#missing = new Set(this.#known.keys());
    await new Promise((resolve) => {
      this.#onAll = () => resolve(undefined);
    });
    return [...this.#known.values()].reduce((sum, octets) => sum + octets, 0);
  }
}

export class Broker {
  #server;
  #httpPort;
  #heaps;

  /** @param {import('../support/processes.mjs').Server} server @param {number} httpPort @param {Heaps} heaps */
  constructor(server, httpPort, heaps) {
    this.#server = server;
    this.#httpPort = httpPort;
    this.#heaps = heaps;
  }

  /** @param {string} engine @param {number} workers @param {string} folder for its data */
  static async start(engine, workers, folder) {
    const httpPort = await freePort();
    const heaps = new Heaps();
    const options = ['--engine', engine, '--workers', String(workers), '--memory', '1G'];
    const server = await startLeveret([...options, '--http-port', String(httpPort), '--data', folder], {
      nodeOptions: ['--expose-gc', '--require', HEAP_THREAD],
      onLine: (line) => heaps.hear(line),
    });
    return new Broker(server, httpPort, heaps);
  }

  get port() {
    return this.#server.port;
  }

  stop() {
    return this.#server.stop();
  }

  /** @returns {Promise<Figures>} */
  async figures() {
    const headers = { authorization: AUTHORIZATION };
    const text = await (await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`, { headers })).text();
    const units = [...text.matchAll(UNITS)].map(([, kind, count]) => [kind, Number(count)]);
    const counts = Object.entries(COUNTS).map(([name, pattern]) => [name, Number(pattern.exec(text)?.[1])]);
    const missing = counts.find(([, count]) => Number.isNaN(count))?.[0];
    if (missing !== undefined || units.length === 0)
      throw new Error(`the metrics do not tell of ${missing ?? 'units'}`);
    return { counts: Object.fromEntries(counts), units: Object.fromEntries(units), files: openFiles(this.#server.pid) };
  }

  /** After a collection in each thread. @returns {Promise<Taken>} */
  async taken() {
    return { heap: (await this.#heaps.next()) / 1024 ** 2, resident: residentMb(this.#server.pid) };
  }
}
