/**
 * Publishes with ever new routing keys: what it costs to find where each goes, beside keys that the core knows. No
 * sockets: reads of messages to a topic exchange with 100 patterns, each message to one queue that drops all but its
 * last, in nanoseconds a message.
 */
import { performance } from 'node:perf_hooks';
import { TopologyView } from '../../dist/broker/topology/topology-view.js';
import { RouteFinder } from '../../dist/connection/routes/route-finder.js';
import { NO_FEATURES, Stop } from '../../dist/engine/engine.js';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { formatTable } from '../support/table.mjs';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const PATTERNS = 100;
const READ = 64 * 1024;
const MEMORY = 128 * 2 ** 20;
const SETTINGS = {
  deadLetterExchange: null,
  deadLetterRoutingKey: null,
  keepsDeadLetters: false,
  consumerTimeout: null,
};
const ARGS = new Map();

/** @type {string[][]} */
const rows = [];
for (const kind of /** @type {const} */ (['wasm', 'js'])) {
  for (const [what, keyOf] of /** @type {const} */ ([
    ['one key', () => 7],
    ['5,000 keys', (/** @type {number} */ n) => (n * 7919) % 5_000],
    ['each key new', (/** @type {number} */ n) => n],
    ['one in ten new, others of 1,000', (/** @type {number} */ n) => (n % 10 === 0 ? n : (n * 7919) % 1_000)],
  ])) {
    rows.push([kind, what, (await nanoseconds(kind, keyOf)).toFixed(0)]);
  }
}
console.log(
  formatTable([{ title: 'core', align: 'left' }, { title: 'keys', align: 'left' }, { title: 'ns/msg' }], rows),
);

/** @param {'wasm' | 'js'} kind @param {(n: number) => number} keyOf */
async function nanoseconds(kind, keyOf) {
  const engine = await openEngine(await createSharedCore(kind, MEMORY, 1), 0);
  const view = new TopologyView();
  view.apply({
    kind: 'exchange.declared',
    vhost: '/',
    exchange: 'x',
    type: 'topic',
    durable: false,
    autoDelete: false,
    internal: false,
    arguments: ARGS,
    alternate: null,
    cacheMemory: null,
  });
  for (let n = 0; n < PATTERNS; n++) {
    const ref = engine.createQueue();
    engine.setFeatures(ref, { ...NO_FEATURES, maxLength: 1 });
    view.apply({
      kind: 'queue.declared',
      vhost: '/',
      queue: `q${n}`,
      id: n + 1,
      ref,
      logId: 0,
      durable: false,
      autoDelete: false,
      owner: null,
      arguments: ARGS,
      settings: SETTINGS,
      cacheMemory: null,
    });
    view.apply({
      kind: 'bound',
      vhost: '/',
      source: 'x',
      destination: `q${n}`,
      destinationKind: 'queue',
      routingKey: `device.${n}.*.#`,
      arguments: ARGS,
    });
  }
  engine.applyTopology(engine.topologyEpoch());
  engine.setTime(1);
  const core = engine.openConnection(0, 0);
  engine.setFrameMax(core, 131072);
  engine.openChannel(core, 1);
  const session = { core, vhost: '/', user: 'guest', id: 1 };
  const routes = new RouteFinder(engine, view);
  let spent = 0;
  for (let n = 0; n < KEYS; ) {
    const parts = [];
    for (let length = 0; length < READ - 256 && n < KEYS; n++) {
      const part = message(`device.${keyOf(n) % PATTERNS}.k${keyOf(n)}.value`);
      length += part.length;
      parts.push(part);
    }
    const read = Buffer.concat(parts);
    engine.bytes.set(read, engine.readOffset);
    const begun = performance.now();
    ingest(engine, session, routes, read.length);
    engine.serve();
    spent += performance.now() - begun;
  }
  return (spent / KEYS) * 1e6;
}

/**
 * @param {import('../../dist/engine/engine.js').Engine} engine @param {object} session @param {RouteFinder} routes
 * @param {number} length
 */
function ingest(engine, session, routes, length) {
  let offset = engine.readOffset;
  let left = length;
  for (;;) {
    const stop = engine.ingest(/** @type {never} */ (session).core, offset, left);
    offset += engine.consumed;
    left -= engine.consumed;
    if (stop === Stop.END) return;
    if (stop !== Stop.ROUTE) throw new Error(`the core stopped: ${stop}`);
    routes.install(/** @type {never} */ (session));
  }
}

/** One message of 16 octets. @param {string} key */
function message(key) {
  const method = Buffer.concat([Buffer.of(0, 60, 0, 40, 0, 0, 1, 0x78, key.length), Buffer.from(key), Buffer.of(0)]);
  const header = Buffer.of(0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0);
  return Buffer.concat([frame(1, method), frame(2, header), frame(3, Buffer.alloc(16, 'x'))]);
}

/** @param {number} type @param {Buffer} payload */
function frame(type, payload) {
  const head = Buffer.of(type, 0, 1, 0, 0, 0, 0);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}
