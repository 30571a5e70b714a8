/**
 * The WebAssembly core behind the `Engine` interface. A thin layer: numbers go through, bytes and lists pass by the
 * participant's scratch page, results are read from the first words of its page. Nothing here runs per message.
 */
import type {
  Channel,
  Connection,
  Consumer,
  Content,
  Death,
  Engine,
  Extent,
  Message,
  Queue,
  QueueRules,
  SharedCore,
  Stop,
} from '../engine.js';
import { RouteFlag } from '../engine.js';
import type { CoreFunctions } from './exports.js';
import { LogCalls } from './log-calls.js';
import { type Core, instantiateCore } from './wasm-core.js';

/** Words of a participant's page (memory/root.ts, Participant, line 0). */
const Word = {
  CONSUMED: 0,
  FRAME_OFFSET: 1,
  FRAME_LENGTH: 2,
  STOP_CHANNEL: 3,
  STOP_MESSAGE: 4,
  OUTPUT_OFFSET: 5,
  OUTPUT_LENGTH: 6,
  OUTPUT_BOX: 7,
  SCRATCH: 8,
  READ_OFFSET: 9,
  READ_LENGTH: 10,
  DEAD_QUEUE: 12,
  DEAD_REASON: 13,
  WORK: 14,
} as const;

/** What becomes of a delivery (content/ack.ts). */
const Settlement = { DONE: 0, REQUEUE: 1, REJECT: 2 } as const;

/** A rule that there is not. */
const NONE = -1;
const RESULT_WORDS = 16;
/** More than any read is worth. */
const WORK_MAX = 0x7fffffff;
const NO_QUEUES: readonly Queue[] = [];

/**
 * Joins the shared core as one participant. Throws when its memory is too small for the participant's own structures.
 * `imports`: those of a checking build.
 */
export function openWasmEngine(shared: SharedCore, participant: number, imports?: WebAssembly.Imports): Engine {
  if (!shared.module || !shared.memory) throw new Error('a core of kind wasm needs its module and memory');
  return new WasmEngine(shared, instantiateCore(shared.module, shared.memory, imports), participant);
}

class WasmEngine extends LogCalls implements Engine {
  readonly kind = 'wasm';
  readonly readOffset: number;
  readonly readLength: number;

  readonly #core: CoreFunctions;
  readonly #results: Uint32Array;
  readonly #words: Int32Array;
  readonly #doorbell: number;
  readonly #scratch: number;
  readonly #pageBytes: number;
  #rings: number;

  constructor(shared: SharedCore, core: Core, participant: number) {
    super(core, new Uint8Array(shared.buffer));
    const { functions, doorbellOffset, pageBytes } = core;
    if (!functions.joinCore(participant, participant < shared.workers ? 1 : 0)) {
      throw new Error(
        `the memory of ${shared.buffer.byteLength >>> 20} MiB is too small for ${shared.workers} workers`,
      );
    }
    const address = functions.participantAddress();
    this.#core = functions;
    this.#results = new Uint32Array(shared.buffer, address, RESULT_WORDS);
    this.#words = new Int32Array(shared.buffer);
    this.#doorbell = (address + doorbellOffset) / 4;
    this.#rings = Atomics.load(this.#words, this.#doorbell);
    this.#pageBytes = pageBytes;
    this.#scratch = this.#result(Word.SCRATCH);
    this.readOffset = this.#result(Word.READ_OFFSET);
    this.readLength = this.#result(Word.READ_LENGTH);
  }

  #result(word: number): number {
    return this.#results[word] ?? 0;
  }

  get consumed(): number {
    return this.#result(Word.CONSUMED);
  }
  get frameOffset(): number {
    return this.#result(Word.FRAME_OFFSET);
  }
  get frameLength(): number {
    return this.#result(Word.FRAME_LENGTH);
  }
  get deadQueue(): Queue {
    return this.#result(Word.DEAD_QUEUE);
  }
  get deadReason(): Death {
    return this.#result(Word.DEAD_REASON) as Death;
  }
  get work(): number {
    return this.#result(Word.WORK);
  }
  get stopChannel(): number {
    return this.#result(Word.STOP_CHANNEL);
  }
  get stopMessage(): Message {
    return this.#result(Word.STOP_MESSAGE);
  }
  get outputOffset(): number {
    return this.#result(Word.OUTPUT_OFFSET);
  }
  get outputLength(): number {
    return this.#result(Word.OUTPUT_LENGTH);
  }
  get outputBox(): number {
    return this.#result(Word.OUTPUT_BOX);
  }

  memoryUsed(): number {
    return this.#core.memoryUsed();
  }

  memoryFree(): number {
    return this.#core.memoryFree();
  }

  setAside(bytes: number): boolean {
    return this.#core.setAside(bytes) !== 0;
  }

  setTime(now: number): void {
    this.#core.setTime(now);
  }

  raiseTopology(): number {
    return this.#core.raiseTopology();
  }
  topologyEpoch(): number {
    return this.#core.topologyEpoch();
  }
  applyTopology(epoch: number): void {
    this.#core.applyTopology(epoch);
  }

  createQueue(): Queue {
    return this.#core.createQueue() >>> 0;
  }
  setRules(queue: Queue, rules: QueueRules): boolean {
    const done = this.#core.setRules(
      queue,
      rules.ttl ?? NONE,
      rules.maxLength ?? NONE,
      rules.maxBytes ?? NONE,
      rules.overflow,
      rules.deadLetters ? 1 : 0,
      rules.maxPriority,
      rules.deliveryLimit ?? NONE,
      rules.deliveryCount ? 1 : 0,
    );
    return done !== 0;
  }
  keepLength(queue: Queue): void {
    this.#core.keepLength(queue);
  }
  readyCount(queue: Queue): number {
    return this.#core.readyCount(queue) >>> 0;
  }
  readyBytes(queue: Queue): number {
    return this.#core.readyBytes(queue);
  }
  lastGet(queue: Queue): number {
    return this.#core.lastGet(queue);
  }
  purge(queue: Queue, most = Number.POSITIVE_INFINITY): number {
    return this.#core.purge(queue, Math.min(most, 0xffff_ffff)) >>> 0;
  }
  retireQueue(queue: Queue): number {
    return this.#core.retireQueue(queue) >>> 0;
  }
  freeQueue(queue: Queue): void {
    this.#core.freeQueue(queue);
  }

  expiringQueues(): number {
    return this.#core.expiringQueues();
  }
  sweepPause(): number {
    return this.#core.sweepPause();
  }
  sweep(): boolean {
    return this.#core.sweep() !== 0;
  }
  nextDead(): Message {
    return this.#core.nextDead() >>> 0;
  }
  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): readonly Queue[] | null {
    const copy = this.#copyWith(message, key, header, queues);
    if (copy === 0) return null;
    const refused = this.#publishTo(copy, queues);
    this.#core.releaseMessage(copy);
    return refused;
  }
  /** A copy of a message under another key and header, for some queues; 0: no memory. */
  #copyWith(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): Message {
    const copy = this.#core.beginCopy(message, key.length, header.length, queues.length) >>> 0;
    if (copy !== 0) this.#address(copy, key, header);
    return copy;
  }
  /** Fills in key and header of a message that is being made. */
  #address(message: Message, key: Uint8Array, header: Uint8Array): void {
    this.bytes.set(key, this.#core.messageKeyOffset(message) >>> 0);
    this.bytes.set(header, this.#core.messageHeaderOffset(message) >>> 0);
    this.#core.endCopy(message);
  }
  compose(
    key: Uint8Array,
    header: Uint8Array,
    body: Uint8Array,
    persistent: boolean,
    queues: readonly Queue[],
  ): readonly Queue[] | null {
    const { length } = queues;
    const blank = this.#core.beginBlank(key.length, header.length, body.length, persistent ? 1 : 0, length) >>> 0;
    if (blank === 0) return null;
    this.#address(blank, key, header);
    this.#eachPiece(blank, (offset, from, to) => this.bytes.set(body.subarray(from, to), offset));
    const refused = this.#publishTo(blank, queues);
    this.#core.releaseMessage(blank);
    return refused;
  }
  settleDead(): void {
    this.#core.settleDead();
  }
  keepDead(): number {
    return this.#core.keepDead() >>> 0;
  }
  settleDeadKept(kept: number): void {
    this.#core.settleDeadKept(kept);
  }

  openConnection(id: number, vhost: number): Connection {
    return this.#core.openConnection(id, vhost) >>> 0;
  }
  setFrameMax(connection: Connection, bytes: number): void {
    this.#core.setFrameMax(connection, bytes);
  }
  setVhost(connection: Connection, vhost: number): void {
    this.#core.setVhost(connection, vhost);
  }
  closeConnection(connection: Connection): void {
    this.#core.closeConnection(connection);
  }

  ingest(connection: Connection, offset: number, length: number, work = WORK_MAX): Stop {
    return this.#core.ingest(connection, offset, length, work) as Stop;
  }

  openChannel(connection: Connection, number: number): Channel {
    return this.#core.openChannel(connection, number) >>> 0;
  }
  closeChannel(channel: Channel): void {
    this.#core.closeChannel(channel);
  }
  freeChannel(channel: Channel): void {
    this.#core.freeChannel(channel);
  }
  contentState(channel: Channel): Content {
    return this.#core.contentState(channel) as Content;
  }
  setConfirm(channel: Channel): void {
    this.#core.setConfirm(channel);
  }
  setTransactional(channel: Channel): void {
    this.#core.setTransactional(channel);
  }
  settle(channel: Channel, tag: number, multiple: boolean, requeue: boolean | null): boolean {
    const how = requeue === null ? Settlement.DONE : requeue ? Settlement.REQUEUE : Settlement.REJECT;
    return this.#core.settleDelivery(channel, tag, multiple ? 1 : 0, how) !== 0;
  }
  isUnacked(channel: Channel, tag: number): boolean {
    return this.#core.isUnacked(channel, tag) !== 0;
  }
  setChannelPrefetch(channel: Channel, count: number): void {
    this.#core.setChannelPrefetch(channel, count);
  }
  recover(channel: Channel): void {
    this.#core.recover(channel);
  }
  lastTag(channel: Channel): number {
    return this.#core.lastTag(channel);
  }
  unackedCount(channel: Channel): number {
    return this.#core.unackedCount(channel) >>> 0;
  }

  installRoute(connection: Connection, queues: readonly Queue[], flags: number): void {
    // A longer list than the scratch page holds is not cached: its messages come to the host one by one.
    const fits = queues.length <= this.#listMax();
    if (fits) this.#writeList(queues, 0, queues.length);
    this.#core.installRoute(connection, fits ? queues.length : 0, fits ? flags : flags | RouteFlag.ASK_HOST);
  }

  publish(
    channel: Channel,
    message: Message,
    queues: readonly Queue[],
    header: Uint8Array | null = null,
  ): boolean | null {
    const rewritten = header !== null && queues.length > 0;
    // What is confirmed is what was sent: it is that which the log knows.
    const sent = rewritten ? this.#copyWith(message, this.messageKey(message), header, queues) : message;
    if (sent === 0) return null;
    if (!rewritten) {
      if (this.#core.preparePublish(message, queues.length) === 0) return null;
      if (queues.length > 0) this.#core.beginLife(message);
    }
    const taken = this.#publishTo(sent, queues).length === 0;
    this.#core.endPublish(channel, sent, taken ? 1 : 0);
    if (rewritten) this.#core.releaseMessage(message);
    return taken;
  }

  /** Returns the queues that refused the message. */
  #publishTo(message: Message, queues: readonly Queue[]): readonly Queue[] {
    let refused = NO_QUEUES;
    for (let from = 0; from < queues.length; from += this.#listMax()) {
      const count = Math.min(this.#listMax(), queues.length - from);
      this.#writeList(queues, from, count);
      const refusals = this.#core.publishTo(message, count) >>> 0;
      if (refusals > 0) refused = [...refused, ...this.#readList(refusals)];
    }
    return refused;
  }

  releaseMessage(message: Message): void {
    this.#core.releaseMessage(message);
  }

  #listMax(): number {
    return this.#pageBytes / 4;
  }

  #writeList(queues: readonly Queue[], from: number, count: number): void {
    const at = this.#scratch / 4;
    for (let i = 0; i < count; i++) this.#words[at + i] = queues[from + i] ?? 0;
  }

  #readList(count: number): readonly Queue[] {
    const at = this.#scratch / 4;
    return Array.from({ length: count }, (_, i) => (this.#words[at + i] ?? 0) >>> 0);
  }

  keepMessage(message: Message): void {
    this.#core.keepMessage(message);
  }
  messageHeader(message: Message): Uint8Array {
    return this.#copy(this.#core.messageHeaderOffset(message) >>> 0, this.#core.messageHeaderLength(message));
  }
  messageKey(message: Message): Uint8Array {
    return this.#copy(this.#core.messageKeyOffset(message) >>> 0, this.#core.messageKeyLength(message));
  }
  messageArrival(message: Message): number {
    return this.#core.messageArrival(message);
  }
  messageMandatory(message: Message): boolean {
    return this.#core.messageMandatory(message) !== 0;
  }
  messageBody(message: Message): Uint8Array {
    const body = new Uint8Array(this.#core.messageBodySize(message));
    this.#eachPiece(message, (offset, from, to) => body.set(this.bytes.subarray(offset, offset + to - from), from));
    return body;
  }
  /** Tells where the body's octets from one to another lie. */
  #eachPiece(message: Message, visit: (offset: number, from: number, to: number) => void): void {
    let from = 0;
    let piece = 0;
    do {
      const to = from + this.#core.pieceLength(message, piece);
      visit(this.#core.pieceOffset(message, piece) >>> 0, from, to);
      from = to;
      piece = this.#core.nextPiece(message, piece) >>> 0;
    } while (piece !== 0);
  }

  #copy(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }

  returnMessage(channel: Channel, message: Message, code: number, text: Uint8Array): void {
    this.bytes.set(text, this.#scratch);
    this.#core.returnMessage(channel, message, code, text.length);
  }

  addConsumer(
    channel: Channel,
    queue: Queue,
    tag: Uint8Array,
    noAck: boolean,
    prefetch: number,
    priority: number,
  ): Consumer {
    this.bytes.set(tag, this.#scratch);
    return this.#core.addConsumer(channel, queue, tag.length, noAck ? 1 : 0, prefetch, priority) >>> 0;
  }
  cancelConsumer(consumer: Consumer): void {
    this.#core.cancelConsumer(consumer);
  }
  oldestUnacked(consumer: Consumer): number {
    return this.#core.oldestUnacked(consumer);
  }
  returnDeliveries(consumer: Consumer): void {
    this.#core.returnDeliveries(consumer);
  }
  isOwed(queue: Queue, extent: Extent | null): boolean {
    if (this.#core.isOwed(queue) === 0) return false;
    if (extent === null) return true;
    for (let priority = 0; 2 * priority < extent.length; priority++) {
      if (this.#core.isExtentLeft(queue, priority, extent[2 * priority] ?? 0, extent[2 * priority + 1] ?? 0) !== 0)
        return true;
    }
    return false;
  }
  extentOf(queue: Queue): Extent {
    const extent = new Uint32Array(2 * this.#core.extentPriorities(queue));
    for (let priority = 0; 2 * priority < extent.length; priority++) {
      extent[2 * priority] = this.#core.extentEnd(queue, priority);
      extent[2 * priority + 1] = this.#core.extentBackEnd(queue, priority);
    }
    return extent;
  }
  get(channel: Channel, queue: Queue, noAck: boolean): boolean {
    return this.#core.getMessage(channel, queue, noAck ? 1 : 0) !== 0;
  }

  serve(): boolean {
    return this.#core.serve() !== 0;
  }
  nextOutput(): number {
    return this.#core.nextOutput();
  }
  takeOutput(connection: Connection): boolean {
    return this.#core.takeOutput(connection) !== 0;
  }
  written(connection: Connection, box: number): void {
    this.#core.written(connection, box);
  }
  outputIdle(connection: Connection): boolean {
    return this.#core.outputIdle(connection) !== 0;
  }

  sleep(): boolean {
    return this.#core.sleep() !== 0;
  }
  wake(): void {
    this.#core.wake();
  }

  async doorbell(): Promise<void> {
    // Pairs with the add and notify in `ring` of the core: a ring since the last answer makes the wait end at once.
    const wait = Atomics.waitAsync(this.#words, this.#doorbell, this.#rings);
    if (wait.async) await wait.value;
    this.#rings = Atomics.load(this.#words, this.#doorbell);
  }
}
