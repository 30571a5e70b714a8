/**
 * Durable declarations a second, where clients do not wait for one answer before they send the next: one connection,
 * and twenty. Each declares durable queues in one go and counts declare-ok. Beside another checkout (`--against DIR`),
 * and beside the RabbitMQ at RABBITMQ_URL, if there is one. Rounds go in turn; medians are printed.
 */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { decodeMethod, encodeMethod, PROTOCOL_HEADER, readFrame } from '../../dist/amqp/frames.js';
import { median } from '../support/median.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    against: { type: 'string' },
    /** On the disk to use. */
    directory: { type: 'string', default: tmpdir() },
  },
});
const COUNT = Number(values.count);
const CROWD = 20;
const PREFIX = `bench-${process.pid}`;
const NONE = new Map();
const REFEREE = 'RabbitMQ';

/** @typedef {import('../../dist/amqp/protocol.js').Method} Method */

/** A client that sends what it is told, and hands out what comes. */
class Client {
  /** @type {(method: Method) => void} */
  onMethod = () => {};
  #rest = Buffer.alloc(0);

  /** @param {URL} url */
  constructor(url) {
    this.socket = connect(Number(url.port), url.hostname);
    this.socket.on('data', (bytes) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
        this.#rest = this.#rest.subarray(frame.length);
        if (frame.type === 1) this.onMethod(decodeMethod(frame.payload));
      }
    });
  }

  /** @param {URL} url @returns {Promise<Client>} with channel 1 open */
  static async open(url) {
    const client = new Client(url);
    client.socket.write(PROTOCOL_HEADER);
    await client.next();
    const response = Buffer.from(`\0${url.username}\0${url.password}`);
    client.send(0, {
      name: 'connection.start-ok',
      clientProperties: NONE,
      mechanism: 'PLAIN',
      response,
      locale: 'en_US',
    });
    const tune = await client.next();
    if (tune.name !== 'connection.tune') throw new Error(`${tune.name} instead of connection.tune`);
    client.send(0, { ...tune, name: 'connection.tune-ok', heartbeat: 0 });
    client.send(0, { name: 'connection.open', virtualHost: '/' });
    await client.next();
    client.send(1, { name: 'channel.open' });
    await client.next();
    return client;
  }

  /** @param {number} channel @param {Method} method */
  send(channel, method) {
    this.socket.write(encodeMethod(channel, method));
  }

  /** Sends octets, and resolves when so many methods have come. @param {Uint8Array} octets @param {number} answers */
  exchange(octets, answers) {
    return new Promise((resolve, reject) => {
      let missing = answers;
      this.onMethod = (method) => {
        if (!method.name.endsWith('-ok')) reject(new Error(JSON.stringify(method)));
        missing -= 1;
        if (missing === 0) resolve(undefined);
      };
      this.socket.write(octets);
    });
  }

  /** @returns {Promise<Method>} */
  next() {
    return new Promise((resolve) => {
      this.onMethod = resolve;
    });
  }
}

/** @param {string} queue */
function declare(queue) {
  const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, nowait: false };
  return encodeMethod(1, { name: 'queue.declare', queue, ...flags, arguments: NONE });
}

/** @param {string} queue */
function remove(queue) {
  return encodeMethod(1, { name: 'queue.delete', queue, ifUnused: false, ifEmpty: false, nowait: false });
}

/** Declarations a second. @param {URL} url @param {number} connections @param {boolean} tidy leaves nothing behind */
async function measure(url, connections, tidy) {
  const clients = await Promise.all(Array.from({ length: connections }, () => Client.open(url)));
  const begun = performance.now();
  const each = Math.floor(COUNT / connections);
  const names = clients.map((_, one) => Array.from({ length: each }, (_, n) => `${PREFIX}-${begun}-${one}-${n}`));
  /** @param {(queue: string) => Uint8Array} method */
  const all = (method) =>
    Promise.all(clients.map((client, one) => client.exchange(Buffer.concat((names[one] ?? []).map(method)), each)));
  await all(declare);
  const seconds = (performance.now() - begun) / 1000;
  if (tidy) await all(remove);
  for (const client of clients) client.socket.destroy();
  return (each * connections) / seconds;
}

/** @param {string} folder */
async function run(folder) {
  /** @type {{ name: string, url: URL, stop: () => Promise<void> }[]} */
  const brokers = [];
  for (const checkout of values.against === undefined ? [undefined] : [undefined, values.against]) {
    const data = join(folder, `${brokers.length}`);
    mkdirSync(data);
    const how = checkout === undefined ? {} : { checkout };
    const { port, stop } = await startLeveret(['--workers', '2', '--data', data], how);
    const name = checkout === undefined ? 'leveret' : `leveret in ${checkout}`;
    brokers.push({ name, url: new URL(`amqp://guest:guest@127.0.0.1:${port}`), stop });
  }
  const referee = process.env.RABBITMQ_URL;
  if (referee !== undefined) brokers.push({ name: REFEREE, url: new URL(referee), stop: async () => {} });
  /** @type {string[][]} */
  const rows = [];
  for (const connections of [1, CROWD]) {
    const rates = brokers.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [index, { name, url }] of brokers.entries()) {
        rates[index]?.push(await measure(url, connections, name === REFEREE));
      }
    }
    brokers.forEach(({ name }, index) => {
      rows.push([name, `${connections}`, thousands(median(rates[index] ?? []))]);
    });
  }
  for (const { stop } of brokers) await stop();
  console.log(
    formatTable([{ title: 'broker', align: 'left' }, { title: 'connections' }, { title: 'declarations/s' }], rows),
  );
}

await inTemporaryFolder(values.directory, run);
