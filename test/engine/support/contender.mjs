/**
 * A worker thread that publishes into one queue and consumes from it, beside others that do the same: `bodies` numbered
 * per worker, each settled as its number says. It takes a turn after each `ahead` runs that it has published. With a
 * `life` the fifths live only for so many turns of all workers; time is told by turns then. Posts what it was
 * delivered, in order, what it has acknowledged and seen expire, once all messages of all workers are settled, and,
 * with a seed, what it has recorded for a log.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openEngine } from '../../../dist/engine/open.js';

const { shared, index, queue, count, progress, priority, priorities, ahead, life, seed } = workerData;
const ROUTE = 2;
const RUN = 50;
const PERSISTENT = 2;
/** Batches that are on their way to the log. */
const BATCHES = 3;
const PREFETCH = 100;
/** Settled messages, and workers that have joined, and then looked at the memory that is in use. */
const SETTLED = 0;
const JOINED = 1;
/** Turns of all workers. */
const CLOCK = 2;
const START = 1_000_000;
const EXPIRED = 1;

const engine = await openEngine(shared, index);
engine.applyTopology(engine.topologyEpoch());
engine.setTime(life === null ? Date.now() : START);
if (seed !== null) engine.startLog(index + 1, 1, heldBack);
const publisher = engine.openConnection(0, 0);
const consumer = engine.openConnection(1, 0);
for (const connection of [publisher, consumer]) engine.setFrameMax(connection, 131072);
engine.openChannel(publisher, 1);
const reference = engine.addConsumer(
  engine.openChannel(consumer, 1),
  queue,
  Buffer.from('c'),
  false,
  PREFETCH,
  priority,
);

function frame(type, payload) {
  const head = Buffer.alloc(7);
  head[0] = type;
  head.writeUInt16BE(1, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}

function publish(number) {
  const body = Buffer.from(`${index} ${number}`);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  const expiration = life !== null && number % 5 === 0 ? Buffer.from(String(life)) : null;
  const properties = Buffer.of(expiration ? 0x19 : 0x18, 0, PERSISTENT, number % priorities);
  const header = [Buffer.of(0, 60, 0, 0), size, properties];
  if (expiration) header.push(Buffer.of(expiration.length), expiration);
  return Buffer.concat([
    frame(1, Buffer.of(0, 60, 0, 40, 0, 0, 0, 1, 0x71, 0)),
    frame(2, Buffer.concat(header)),
    frame(3, body),
  ]);
}

/** basic.ack, or basic.nack of one delivery. */
function settle(method, tag, bits) {
  const payload = Buffer.alloc(13);
  payload.writeUInt32BE(0x003c0000 | method);
  payload.writeBigUInt64BE(tag, 4);
  payload[12] = bits;
  return frame(1, payload);
}

function ingest(connection, bytes) {
  engine.bytes.set(bytes, engine.readOffset);
  let offset = engine.readOffset;
  for (let left = bytes.length; ; ) {
    const stop = engine.ingest(connection, offset, left);
    offset += engine.consumed;
    left -= engine.consumed;
    if (stop === 0) return;
    if (stop !== ROUTE) throw new Error(`the engine stopped: ${stop}`);
    engine.installRoute(connection, [queue], 0, 0);
  }
}

const delivered = [];
const acknowledged = [];
const expired = [];
let settled = [];

/**
 * What becomes of a delivery: the sevenths are requeued once, the elevenths rejected, the rest and what came again is
 * acknowledged.
 */
function onDelivery(tag, redelivered, dead, body) {
  delivered.push({ body, redelivered, dead });
  const number = Number(body.split(' ')[1]);
  if (!redelivered && !dead && number % 7 === 0) settled.push(settle(120, tag, 2));
  else if (!dead && number % 11 === 0) settled.push(settle(120, tag, 0));
  else {
    settled.push(settle(80, tag, 0));
    acknowledged.push(body);
    Atomics.add(progress, SETTLED, 1);
  }
}

/** Deliveries whose frames are whole in one chunk, as an engine writes small ones. */
function read(chunk) {
  for (let at = 0; at < chunk.length; ) {
    const method = at + 7;
    const tag = method + 5 + chunk[method + 4];
    const exchange = tag + 9;
    const key = exchange + 1 + chunk[exchange];
    const dead = chunk.toString('latin1', key + 1, key + 1 + chunk[key]) === 'dead';
    const header = method + chunk.readUInt32BE(at + 3) + 1;
    const body = header + 8 + chunk.readUInt32BE(header + 3);
    const size = chunk.readUInt32BE(body + 3);
    onDelivery(
      chunk.readBigUInt64BE(tag),
      chunk[tag + 8] === 1,
      dead,
      chunk.toString('latin1', body + 7, body + 7 + size),
    );
    at = body + 8 + size;
  }
}

/** One turn: true when there was something to do. */
function turn() {
  if (life !== null) {
    engine.setTime(START + Atomics.add(progress, CLOCK, 1));
    engine.sweep();
  }
  let busy = engine.serve();
  while (engine.nextOutput() >= 0) {
    busy = true;
    read(Buffer.from(engine.bytes.slice(engine.outputOffset, engine.outputOffset + engine.outputLength)));
    engine.written(consumer, engine.outputBox);
  }
  if (settled.length > 0) ingest(consumer, Buffer.concat(settled));
  settled = [];
  for (let message = engine.nextDead(); message !== 0; message = engine.nextDead()) {
    if (engine.deadReason === EXPIRED) {
      expired.push(Buffer.from(engine.messageBody(message)).toString('latin1'));
      Atomics.add(progress, SETTLED, 1);
      engine.settleDead();
      continue;
    }
    const key = Buffer.from('\0\x04dead', 'latin1');
    if (!engine.republish(message, key, engine.messageHeader(message), [queue])) throw new Error('no memory');
    engine.settleDead();
  }
  if (seed !== null) record();
  return busy;
}

const records = [];
const taken = [];

function heldBack(of, from, count) {
  throw new Error(`${count} places of queue ${of} from ${from} on find no room in the log`);
}

/** Takes what was recorded; what is written some turns later is what it was. */
function record() {
  const batch = engine.takeBatch();
  if (batch !== null) taken.push(batch);
  if (taken.length > (batch === null ? 0 : BATCHES)) write();
}

function write() {
  const batch = taken.shift();
  const { number, octets, messages, messageOctets } = batch;
  const bytes = Buffer.concat(engine.stampBatch(batch, seed));
  records.push({ batch: { number, octets, messages, messageOctets }, bytes });
  engine.batchDone(batch);
}

Atomics.add(progress, JOINED, 1);
while (Atomics.load(progress, JOINED) < shared.workers);
const begin = engine.memoryUsed();
Atomics.add(progress, JOINED, 1);
while (Atomics.load(progress, JOINED) < 2 * shared.workers);
for (let number = 0; number < count; number += RUN) {
  ingest(publisher, Buffer.concat(Array.from({ length: RUN }, (_, i) => publish(number + i))));
  if ((number / RUN) % ahead === 0) turn();
}
while (Atomics.load(progress, SETTLED) < count * shared.workers) if (!turn()) await new Promise(setImmediate);
turn();
const oldest = engine.oldestUnacked(reference);
engine.closeConnection(publisher);
engine.closeConnection(consumer);
if (seed !== null) record();
while (taken.length > 0) write();
parentPort.postMessage({ delivered, acknowledged, expired, oldest, begin, records });
