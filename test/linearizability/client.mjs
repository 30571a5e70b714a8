/**
 * A participant of a core on a thread of its own: in each round it does things by chance to one queue, while others do
 * the same, and tells of each call what came of it, and two numbers of a clock that all share: before it began and
 * after it ended. Here calls of the core are put together as the host does. At the end of a round it has let go of all that it held, and one of them takes what is left.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Emptying } from '../../dist/broker/decisions/emptying.js';
import { openEngine } from '../../dist/engine/open.js';
import { openWasmEngine } from '../../dist/engine/wasm/wasm-engine.js';
import { HESITATION, hesitation } from './hesitation.mjs';

const { shared, participant, participants, queue, words, seed, rounds, calls, consumes, hesitates } = workerData;
const control = new Int32Array(words);
/** Words: who has come to the end of what they all do, which time that is, and the time. */
const [ARRIVED, TURN, CLOCK] = [0, 1, 2];
const ROUTE = 2;
const CHANNEL = 1;
const RUN_MAX = 4;
const PREFETCH = 3;
const PURGES = 2;
const SPIN_MAX = 200;
const isCoordinator = participant === participants - 1;

/** Two participants that do the same at a time do it in other orders each time. */
let state = (seed + participant * 0x9e3779b9) | 0;
/** @param {number} most */
function below(most) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % most;
}

const engine = hesitates
  ? openWasmEngine(shared, participant, { [HESITATION]: hesitation(below) })
  : await openEngine(shared, participant);
if (!isCoordinator) engine.applyTopology(engine.topologyEpoch());
engine.setTime(1_000_000);

function now() {
  return Atomics.add(control, CLOCK, 1);
}

/** Waits until all participants are here. */
function meet() {
  const turn = Atomics.load(control, TURN);
  if (Atomics.add(control, ARRIVED, 1) === participants - 1) {
    Atomics.store(control, ARRIVED, 0);
    Atomics.add(control, TURN, 1);
    Atomics.notify(control, TURN);
  } else while (Atomics.load(control, TURN) === turn) Atomics.wait(control, TURN, turn);
}

/** @param {number} type @param {Uint8Array} payload */
function frame(type, payload) {
  const head = Buffer.alloc(7);
  head[0] = type;
  head.writeUInt16BE(CHANNEL, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}

/** A basic.publish whose body is a number. @param {number} message */
function published(message) {
  const body = Buffer.from(String(message));
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  return Buffer.concat([
    frame(1, Buffer.of(0, 60, 0, 40, 0, 0, 0, 1, 0x71, 0)),
    frame(2, Buffer.concat([Buffer.of(0, 60, 0, 0), size, Buffer.of(0x10, 0, 1)])),
    frame(3, body),
  ]);
}

const emptying = new Emptying(engine);
const publisher = isCoordinator ? 0 : engine.openConnection(0, 0);
const consumer = isCoordinator ? 0 : engine.openConnection(1, 0);
let channel = 0;
if (!isCoordinator) {
  engine.setFrameMax(publisher, 131072);
  engine.setFrameMax(consumer, 131072);
  engine.openChannel(publisher, CHANNEL);
}

/** A channel anew. @param {boolean} consuming */
function open(consuming) {
  if (channel !== 0) engine.freeChannel(channel);
  channel = engine.openChannel(consumer, CHANNEL);
  if (consuming) engine.addConsumer(channel, queue, Buffer.from('c'), false, PREFETCH, 0);
}

/** Octets of publishes; only the call that takes them in is timed. @param {Buffer} bytes @param {() => void} begin */
function ingest(bytes, begin) {
  engine.bytes.set(bytes, engine.readOffset);
  let offset = engine.readOffset;
  begin();
  for (let left = bytes.length; ; ) {
    const stop = engine.ingest(publisher, offset, left);
    offset += engine.consumed;
    left -= engine.consumed;
    if (stop === 0) return;
    if (stop !== ROUTE) throw new Error(`the engine stopped: ${stop}`);
    engine.installRoute(publisher, [queue], 0, 0);
  }
}

/** What is held, by tag. @type {Map<number, number>} */
const held = new Map();
/** @type {{ call: object, began: number, ended: number, after?: number[] }[]} */
let history = [];
/** Of this round. */
let messages = 0;

/** @param {object} call @param {number} began @param {number} ended */
function tell(call, began, ended) {
  history.push({ call, began, ended });
}

/** Calls that happened one after the other. @param {readonly object[]} row @param {number} began @param {number} ended */
function tellRow(row, began, ended) {
  for (const [i, call] of row.entries())
    history.push({ call, began, ended, ...(i === 0 ? {} : { after: [history.length - 1] }) });
}

function publish() {
  const row = [];
  for (let left = 1 + below(RUN_MAX); left > 0; left--) {
    messages += 1;
    row.push({ does: 'publish', message: messages * participants + participant });
  }
  let began = 0;
  ingest(Buffer.concat(row.map(({ message }) => published(message))), () => {
    began = now();
  });
  tellRow(row, began, now());
}

/** Deliveries that are on their way to the client, as calls. */
function read() {
  const row = [];
  while (engine.nextOutput() >= 0) {
    const chunk = Buffer.from(engine.bytes.slice(engine.outputOffset, engine.outputOffset + engine.outputLength));
    engine.written(consumer, engine.outputBox);
    for (let at = 0; at < chunk.length; ) {
      const method = at + 7;
      // basic.deliver names its consumer first.
      const tag = method + 4 + (chunk[method + 3] === 60 ? 1 + (chunk[method + 4] ?? 0) : 0);
      const header = method + chunk.readUInt32BE(at + 3) + 1;
      const body = header + 8 + chunk.readUInt32BE(header + 3);
      const size = chunk.readUInt32BE(body + 3);
      const message = Number(chunk.toString('latin1', body + 7, body + 7 + size));
      held.set(Number(chunk.readBigUInt64BE(tag)), message);
      row.push({ does: 'take', message, redelivered: chunk[tag + 8] === 1 });
      at = body + 8 + size;
    }
  }
  return row;
}

/** One message, or none. */
function get() {
  const began = now();
  let found = engine.get(channel, queue, false);
  // As a channel does for its client.
  while (!found && !engine.isDrained(queue)) found = engine.get(channel, queue, false);
  const ended = now();
  const row = read();
  if (row.length !== Number(found)) throw new Error(`basic.get gave ${row.length} messages`);
  tellRow(found ? row : [{ does: 'find nothing' }], began, ended);
  return found;
}

/** What the consumer is to have. */
function serve() {
  const began = now();
  engine.serve();
  tellRow(read(), began, now());
}

/** @param {boolean} requeue */
function settle(requeue) {
  const tags = [...held.keys()];
  const tag = tags[below(Math.max(1, tags.length))];
  if (tag === undefined) return;
  const message = held.get(tag);
  held.delete(tag);
  const began = now();
  if (!engine.settle(channel, tag, false, requeue ? true : null)) throw new Error(`there is no delivery ${tag}`);
  tell({ does: requeue ? 'requeue' : 'settle', message }, began, now());
}

/** All that is held goes back. @param {() => void} giveBack */
function backAll(giveBack) {
  const began = now();
  giveBack();
  const ended = now();
  for (const message of held.values()) tell({ does: 'requeue', message }, began, ended);
  held.clear();
}

function reopen() {
  backAll(() => engine.closeChannel(channel));
  open(consumes);
}

async function purge() {
  const began = now();
  const count = await emptying.purge(queue);
  const row = [
    { does: 'begin to purge' },
    ...Array.from({ length: count }, () => ({ does: 'drop' })),
    { does: 'end the purge' },
  ];
  tellRow(row, began, now());
}

function act() {
  const kind = below(100);
  if (kind < 36) publish();
  else if (kind < 62) consumes ? serve() : get();
  else if (kind < 78) settle(false);
  else if (kind < 94) settle(true);
  else if (kind < 97) backAll(() => engine.recover(channel));
  else reopen();
}

for (let round = 0; round < rounds; round++) {
  history = [];
  messages = 0;
  if (!isCoordinator) open(consumes);
  meet();
  for (let left = isCoordinator ? PURGES : calls; left > 0; left--) {
    for (let spin = below(SPIN_MAX) * (isCoordinator ? calls : 1); spin > 0; spin--);
    if (isCoordinator) await purge();
    else act();
  }
  while (held.size > 0) settle(false);
  // A consumer that is there could be granted what another one is to take.
  if (!isCoordinator) open(false);
  meet();
  if (participant === 0) while (get()) settle(false);
  meet();
  parentPort?.postMessage(history);
}
