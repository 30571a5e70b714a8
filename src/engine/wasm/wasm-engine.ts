/**
 * This folder is the WebAssembly core as the host sees it; only what opens a core imports it.
 *
 * The WebAssembly core behind the `Engine` interface. A thin layer: numbers go through, bytes and lists pass by the
 * participant's scratch page, results are read from its page. Nothing here runs per message.
 */
import {
  DOORBELL,
  PAGE,
  RESULT_CONSUMED,
  RESULT_DEAD_QUEUE,
  RESULT_DEAD_REASON,
  RESULT_FRAME_LENGTH,
  RESULT_FRAME_OFFSET,
  RESULT_OUTPUT_BOX,
  RESULT_OUTPUT_LENGTH,
  RESULT_OUTPUT_OFFSET,
  RESULT_READ_LENGTH,
  RESULT_READ_OFFSET,
  RESULT_SAMPLES,
  RESULT_SCRATCH,
  RESULT_STOP_CHANNEL,
  RESULT_STOP_MESSAGE,
  RESULT_WORK,
  SETTLE_DONE,
  SETTLE_REJECT,
  SETTLE_REQUEUE,
} from '../../numbers/core.js';
import * as smallNumbers from '../../numbers/small.js';
import {
  type Channel,
  type ChannelCounter,
  type Connection,
  type Consumer,
  type Content,
  type Counter,
  type CounterList,
  type DeadLetterReason,
  type Engine,
  type Extent,
  inVhost,
  type ListCounter,
  type Message,
  type Queue,
  type QueueCounter,
  type SharedCore,
  type SmallEngine,
  type Stop,
} from '../engine.js';
import { UNIT_KINDS, type UnitKind } from '../participant.js';
import type { CoreFunctions } from './exports.js';
import { WasmLookingCalls } from './looking-calls.js';
import { type Core, instantiateCore } from './wasm-core.js';

/** More than any read is worth. */
const WORK_MAX = 0x7fffffff;
const MEBIBYTE = 1 << 20;

/**
 * Joins the shared core as one participant. Throws when its memory is too small for the participant's own structures.
 * `imports`: those of a checking build.
 */
export function openWasmEngine(shared: SharedCore, participant: number, imports?: WebAssembly.Imports): Engine {
  if (!shared.module || !shared.memory) throw new Error('a core of kind wasm needs its module and memory');
  return joinWasmCore(
    instantiateCore(shared.module, shared.memory, imports),
    participant,
    participant < shared.workers,
  );
}

/** The same with an instance that is there already. */
export function joinWasmCore(core: Core, participant: number, isWorker: boolean): Engine {
  return new WasmEngine(core, participant, isWorker);
}

/** A core without threads, of `mebibytes` MiB: one worker, which does the coordinator's part too. */
export function openAlone(module: WebAssembly.Module, mebibytes: number): Engine {
  return joinAlone(instantiateCore(module), mebibytes);
}

/** The same of the small core, of which nothing else may be called than its interface has. */
export function openSmall(module: WebAssembly.Module, mebibytes: number): SmallEngine {
  return joinAlone(instantiateCore(module, undefined, {}, smallNumbers), mebibytes);
}

function joinAlone(core: Core, mebibytes: number): WasmEngine {
  if (!core.functions.initCore(mebibytes, 2)) throw new RangeError(`there is no memory of ${mebibytes} MiB`);
  return new WasmEngine(core, 0, true);
}

class WasmEngine extends WasmLookingCalls implements Engine {
  readonly kind = 'wasm';
  readonly readOffset: number;
  readonly readLength: number;
  protected readonly scratch: number;

  readonly #core: CoreFunctions;
  readonly #results: Uint32Array;
  readonly #words: Int32Array;
  readonly #doorbell: number;
  #rings: number;

  constructor(core: Core, participant: number, isWorker: boolean) {
    const { functions } = core;
    const { buffer } = core.memory;
    super(core, new Uint8Array(buffer));
    if (!functions.joinCore(participant, isWorker ? 1 : 0)) {
      throw new Error(`the memory of ${buffer.byteLength / MEBIBYTE} MiB is too small for participant ${participant}`);
    }
    const address = functions.participantAddress();
    this.#core = functions;
    this.#results = new Uint32Array(buffer, address, PAGE / 4);
    this.#words = new Int32Array(buffer);
    this.#doorbell = (address + DOORBELL) / 4;
    this.#rings = Atomics.load(this.#words, this.#doorbell);
    this.scratch = this.#result(RESULT_SCRATCH);
    this.readOffset = this.#result(RESULT_READ_OFFSET);
    this.readLength = this.#result(RESULT_READ_LENGTH);
  }

  #result(offset: number): number {
    return this.#results[offset / 4] ?? 0;
  }

  get consumed(): number {
    return this.#result(RESULT_CONSUMED);
  }
  get frameOffset(): number {
    return this.#result(RESULT_FRAME_OFFSET);
  }
  get frameLength(): number {
    return this.#result(RESULT_FRAME_LENGTH);
  }
  get deadQueue(): Queue {
    return this.#result(RESULT_DEAD_QUEUE);
  }
  get deadReason(): DeadLetterReason {
    return this.#result(RESULT_DEAD_REASON) as DeadLetterReason;
  }
  get work(): number {
    return this.#result(RESULT_WORK);
  }
  get stopChannel(): number {
    return this.#result(RESULT_STOP_CHANNEL);
  }
  get stopMessage(): Message {
    return this.#result(RESULT_STOP_MESSAGE);
  }
  get outputOffset(): number {
    return this.#result(RESULT_OUTPUT_OFFSET);
  }
  get outputLength(): number {
    return this.#result(RESULT_OUTPUT_LENGTH);
  }
  get outputBox(): number {
    return this.#result(RESULT_OUTPUT_BOX);
  }

  memoryUsed(): number {
    return this.#core.memoryUsed();
  }

  unitsUsed(kind: UnitKind): number {
    return this.#core.unitsInUse(UNIT_KINDS.indexOf(kind));
  }

  memoryFree(): number {
    return this.#core.memoryFree();
  }

  setAside(bytes: number): boolean {
    return this.#core.setAside(bytes) !== 0;
  }

  setTime(now: number, micros = 0): void {
    this.#core.setTime(now, micros);
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

  openConnection(id: number, vhost: number): Connection {
    return this.#core.openConnection(id, vhost) >>> 0;
  }
  setFrameMax(connection: Connection, bytes: number): void {
    this.#core.setFrameMax(connection, bytes);
  }
  setBodyMax(connection: Connection, bytes: number): void {
    this.#core.setBodyMax(connection, bytes);
  }
  setVhost(connection: Connection, vhost: number, counters: CounterList): void {
    this.#core.setVhost(connection, vhost, counters);
  }
  countForVhost(connection: Connection, counters: CounterList): void {
    this.#core.countForVhost(connection, counters);
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
    const how = requeue === null ? SETTLE_DONE : requeue ? SETTLE_REQUEUE : SETTLE_REJECT;
    return this.#core.settleDelivery(channel, tag, multiple ? 1 : 0, how) !== 0;
  }
  isUnacked(channel: Channel, tag: number): boolean {
    return this.#core.isUnacked(channel, tag) !== 0;
  }
  deliveryArrival(channel: Channel, tag: number): number {
    return this.#core.deliveryArrival(channel, tag);
  }
  setChannelPrefetch(channel: Channel, count: number): void {
    this.#core.setChannelPrefetch(channel, count);
  }
  setUnackedMax(channel: Channel, count: number): void {
    this.#core.setUnackedMax(channel, count);
  }
  recover(channel: Channel): void {
    this.#core.recover(channel);
  }
  lastTag(channel: Channel): number {
    return this.#core.lastTag(channel);
  }
  unconfirmedCount(channel: Channel): number {
    return this.#core.unconfirmedCount(channel) >>> 0;
  }
  unackedCount(channel: Channel): number {
    return this.#core.unackedCount(channel) >>> 0;
  }

  addConsumer(
    channel: Channel,
    queue: Queue,
    tag: Uint8Array,
    noAck: boolean,
    prefetch: number,
    priority: number,
  ): Consumer {
    this.bytes.set(tag, this.scratch);
    return this.#core.addConsumer(channel, queue, tag.length, noAck ? 1 : 0, prefetch, priority) >>> 0;
  }
  cancelConsumer(consumer: Consumer): void {
    this.#core.cancelConsumer(consumer);
  }
  oldestUnacked(consumer: Consumer): number {
    return this.#core.oldestUnacked(consumer);
  }
  requeueDeliveries(consumer: Consumer): void {
    this.#core.requeueDeliveries(consumer);
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
  isDrained(queue: Queue): boolean {
    return this.#core.isDrained(queue) !== 0;
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

  get hasUntimed(): boolean {
    return this.#result(RESULT_SAMPLES) !== 0;
  }
  timeDeliveries(now: number, micros: number): void {
    this.#core.timeDeliveries(now, micros);
  }
  latencyCount(bucket: number): number {
    return this.#core.latencyCount(bucket);
  }
  latencySum(): number {
    return this.#core.latencySum();
  }

  counted(counter: Counter): number {
    return this.#core.counted(counter);
  }
  countedBy(participant: number, counter: Counter): number {
    return this.#core.countedByOne(participant, counter);
  }
  countedAt(queue: Queue, counter: QueueCounter): number {
    return this.#core.countedAt(queue, counter);
  }
  count(counter: Counter, more: number): void {
    this.#core.countMore(counter, more);
  }
  countAt(queue: Queue, counter: QueueCounter, more: number): void {
    this.#core.countMoreAt(queue, counter, more);
  }
  countedOf(channel: Channel, counter: ChannelCounter): number {
    return this.#core.countedOf(channel, counter);
  }
  countedOfEnded(connection: Connection, counter: ChannelCounter): number {
    return this.#core.countedOfEnded(connection, counter);
  }
  countOf(channel: Channel, counter: ChannelCounter, more: number): void {
    this.#core.countMoreOf(channel, counter, more, inVhost(counter) ?? 0);
  }
  activeAt(channel: Channel): number {
    return this.#core.activeAt(channel);
  }
  openCounters(list: CounterList): boolean {
    return this.#core.openCounters(list) !== 0;
  }
  closeCounters(list: CounterList): void {
    this.#core.closeCounters(list);
  }
  countedIn(list: CounterList, counter: ListCounter): number {
    return this.#core.countedIn(list, counter);
  }
  countIn(list: CounterList, counter: ListCounter, more: number): void {
    this.#core.countMoreIn(list, counter, more);
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
