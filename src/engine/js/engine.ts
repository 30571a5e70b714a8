/**
 * The plain-JavaScript twin behind the `Engine` interface: the baseline that the WebAssembly core is measured against, the oracle that
 * it is compared with, and the engine of last resort. Handles of connections and channels are numbers into tables of this participant.
 */

import type {
  Channel as ChannelRef,
  Connection as ConnectionRef,
  Consumer,
  Engine,
  LogBatch,
  LogSeed,
  Message,
  Queue,
  QueueRules,
  SharedCore,
} from '../engine.js';
import { type Content, Death, RouteFlag, Stop } from '../engine.js';
import { Absent } from './absent.js';
import { Channel, Connection } from './connection.js';
import { ContentFrames } from './content-frames.js';
import { Deliveries } from './deliveries.js';
import { Doorbell } from './doorbell.js';
import { Emptying } from './emptying.js';
import { Intake } from './intake.js';
import { READ_LENGTH, Root, readBufferAt, SEGMENT, SLOTS, Trait } from './layout.js';
import { Log, ownBatch } from './log.js';
import { LoggedQueues } from './logged-queues.js';
import { Memory } from './memory.js';
import { type Clock, Messages } from './messages.js';
import { Outbox } from './outbox.js';
import { Output } from './output.js';
import { Publishes } from './publishes.js';
import { Queues } from './queues.js';
import { Routes } from './routes.js';
import { Scheduler } from './scheduler.js';
import { Settlements } from './settlements.js';
import { Stock } from './stock.js';
import { Sweep } from './sweep.js';
import { Waiters } from './waiters.js';

export { initJsCore } from './memory.js';

/** Joins a memory that `initJsCore` has laid out. */
export function openJsEngine(shared: SharedCore, participant: number): Engine {
  return new JsEngine(shared, participant);
}

class JsEngine implements Engine {
  readonly kind = 'js';
  readonly bytes: Uint8Array;
  readonly readOffset: number;
  readonly readLength = READ_LENGTH;
  outputOffset = 0;
  outputLength = 0;
  outputBox = 0;
  deadQueue: Queue = 0;
  deadReason: Death = Death.REJECTED;

  readonly #clock: Clock = { now: 0 };
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #queues: Queues;
  readonly #routes = new Routes();
  readonly #publishes: Publishes;
  readonly #settlements: Settlements;
  readonly #waiters: Waiters;
  readonly #output: Output;
  readonly #deliveries: Deliveries;
  readonly #scheduler: Scheduler;
  readonly #intake: Intake;
  readonly #log: Log;
  readonly #logged: LoggedQueues;
  readonly #stock: Stock;
  readonly #absent: Absent;
  readonly #emptying: Emptying;
  readonly #isCoordinator: boolean;
  readonly #sweep: Sweep;
  readonly #doorbell: Doorbell;
  readonly #connections = new Map<ConnectionRef, Connection>();
  readonly #channels = new Map<ChannelRef, Channel>();
  #lastHandle = 0;
  #topologyApplied = 0;

  constructor(shared: SharedCore, participant: number) {
    const memory = new Memory(shared);
    this.#memory = memory;
    this.#isCoordinator = participant === shared.workers;
    this.bytes = memory.bytes;
    this.readOffset = readBufferAt(shared.workers, participant);
    this.#messages = new Messages(memory, this.#clock);
    this.#log = new Log(memory, this.#messages, this.#clock);
    const stock = new Stock(memory, this.#messages, this.#clock, this.#log);
    this.#stock = stock;
    this.#logged = new LoggedQueues(memory, stock);
    this.#waiters = new Waiters(memory, participant, (consumer) => this.#scheduler.grant(consumer));
    this.#queues = new Queues(memory, this.#messages, stock, this.#waiters, this.#clock, this.#log, participant);
    this.#absent = new Absent(memory, this.#messages, stock, this.#waiters, participant);
    this.#emptying = new Emptying(memory, stock, this.#absent, this.#queues.sweeps);
    this.#publishes = new Publishes(memory, this.#messages, this.#queues);
    this.#output = new Output(memory, (connection) => this.#scheduler.onRoom(connection));
    this.#deliveries = new Deliveries(memory, this.#messages, this.#queues, this.#output);
    this.#scheduler = new Scheduler(memory, this.#queues, this.#waiters, this.#deliveries, this.#output);
    this.#settlements = new Settlements(this.#queues, (channel) => this.#scheduler.onCredit(channel));
    this.#intake = new Intake(
      memory,
      this.#messages,
      this.#queues,
      this.#routes,
      this.#publishes,
      this.#settlements,
      this.#output,
      this.#log,
      this.readOffset + READ_LENGTH,
    );
    this.#sweep = new Sweep(this.#queues);
    this.#doorbell = new Doorbell(memory, participant);
  }

  get consumed(): number {
    return this.#intake.consumed;
  }
  get frameOffset(): number {
    return this.#intake.frameOffset;
  }
  get frameLength(): number {
    return this.#intake.frameLength;
  }
  get stopChannel(): number {
    return this.#intake.stopChannel;
  }
  get stopMessage(): Message {
    return this.#intake.stopMessage;
  }

  memoryUsed(): number {
    return this.#memory.used();
  }

  setTime(now: number): void {
    this.#clock.now = now;
  }

  raiseTopology(): number {
    return Atomics.add(this.#memory.u32, Root.TOPOLOGY, 1) + 1;
  }
  topologyEpoch(): number {
    return Atomics.load(this.#memory.u32, Root.TOPOLOGY);
  }
  applyTopology(epoch: number): void {
    this.#topologyApplied = epoch;
    this.#routes.clear();
    this.#stock.forgetRetired();
    this.#absent.forgetRetired();
  }

  createQueue(): Queue {
    return this.#queues.create();
  }
  setRules(queue: Queue, rules: QueueRules): boolean {
    return this.#queues.setRules(queue, rules);
  }
  readyCount(queue: Queue): number {
    return this.#queues.ready(queue);
  }
  readyBytes(queue: Queue): number {
    return this.#queues.readyBytes(queue);
  }
  lastGet(queue: Queue): number {
    return this.#queues.lastGet(queue);
  }
  purge(queue: Queue): number {
    return this.#emptying.purge(queue);
  }
  retireQueue(queue: Queue): number {
    return this.#emptying.retire(queue);
  }
  freeQueue(queue: Queue): void {
    this.#emptying.free(queue);
  }

  expiringQueues(): number {
    return this.#queues.sweeps.count();
  }
  sweep(): boolean {
    return this.#sweep.run();
  }
  nextDead(): Message {
    const dead = this.#queues.nextDead();
    if (dead === undefined) return 0;
    this.deadQueue = dead.queue;
    this.deadReason = dead.reason;
    return dead.message;
  }
  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): boolean {
    return this.#publishes.republish(message, key, header, queues);
  }
  bury(): void {
    this.#queues.bury();
  }

  openConnection(id: number, vhost: number): ConnectionRef {
    const handle = ++this.#lastHandle;
    const content = new ContentFrames(this.#memory, this.#messages);
    this.#connections.set(handle, new Connection(handle, id, vhost, new Outbox(this.#memory), content));
    return handle;
  }
  setFrameMax(connection: ConnectionRef, bytes: number): void {
    const one = this.#connection(connection);
    one.inputMax = bytes;
    one.outputMax = bytes;
  }
  setVhost(connection: ConnectionRef, vhost: number): void {
    this.#connection(connection).vhost = vhost;
  }
  closeConnection(connection: ConnectionRef): void {
    const one = this.#connection(connection);
    one.closed = true;
    for (const channel of one.channels.values()) this.freeChannel(channel.handle);
    this.#output.forget(one);
    one.withoutRoom.length = 0;
    this.#connections.delete(connection);
  }

  ingest(connection: ConnectionRef, offset: number, length: number): Stop {
    if (this.topologyEpoch() !== this.#topologyApplied) {
      this.#intake.consumed = 0;
      return Stop.TOPOLOGY;
    }
    const one = this.#connection(connection);
    const stop = this.#intake.scan(one, offset, length);
    this.#publishes.flush();
    this.#settlements.flush();
    this.#output.confirm(one);
    return stop;
  }

  openChannel(connection: ConnectionRef, number: number): ChannelRef {
    const one = this.#connection(connection);
    const handle = ++this.#lastHandle;
    const channel = new Channel(handle, one, number);
    one.channels.set(number, channel);
    this.#channels.set(handle, channel);
    return handle;
  }
  closeChannel(channel: ChannelRef): void {
    const one = this.#channel(channel);
    if (one.state === 'closing') return;
    one.state = 'closing';
    this.#log.forget(one);
    this.#intake.drop(one.connection, one);
    for (const consumer of [...one.consumers]) this.#scheduler.remove(consumer);
    this.#settlements.all(one, 'give back');
    this.#settlements.flush();
  }
  freeChannel(channel: ChannelRef): void {
    const one = this.#channel(channel);
    this.closeChannel(channel);
    one.connection.channels.delete(one.number);
    this.#channels.delete(channel);
  }
  contentState(channel: ChannelRef): Content {
    return this.#channel(channel).content;
  }
  setConfirm(channel: ChannelRef): void {
    this.#channel(channel).confirming = true;
  }
  setTransactional(channel: ChannelRef): void {
    this.#channel(channel).transactional = true;
  }
  settle(channel: ChannelRef, tag: number, multiple: boolean, requeue: boolean | null): boolean {
    const outcome = requeue === null ? 'settle' : requeue ? 'give back' : 'reject';
    const known = this.#settlements.settle(this.#channel(channel), tag, multiple, outcome);
    this.#settlements.flush();
    return known;
  }
  isUnacked(channel: ChannelRef, tag: number): boolean {
    return this.#channel(channel).unacked.has(tag);
  }
  setChannelPrefetch(channel: ChannelRef, count: number): void {
    const one = this.#channel(channel);
    one.prefetch = count;
    this.#scheduler.onCredit(one);
  }
  recover(channel: ChannelRef): void {
    this.#settlements.all(this.#channel(channel), 'give back');
    this.#settlements.flush();
  }
  lastTag(channel: ChannelRef): number {
    return this.#channel(channel).lastTag;
  }
  unackedCount(channel: ChannelRef): number {
    return this.#channel(channel).unacked.count;
  }

  installRoute(connection: ConnectionRef, queues: readonly Queue[], flags: number): void {
    const { frameOffset, frameLength } = this.#intake;
    const key = this.bytes.slice(frameOffset, frameOffset + frameLength);
    const asksHost = (flags & RouteFlag.ASK_HOST) !== 0;
    const have = (traits: number): boolean => queues.some((queue) => (this.#queues.rules.traits(queue) & traits) !== 0);
    this.#routes.install({
      vhost: this.#connection(connection).vhost,
      key,
      queues: [...queues],
      askHost: asksHost,
      guarded: have(Trait.REJECT | Trait.LEVELS),
      logged: have(Trait.LOGGED),
    });
  }
  publish(channel: ChannelRef, message: Message, queues: readonly Queue[]): boolean {
    const one = this.#channel(channel);
    const isLogged =
      one.confirming &&
      this.#messages.isLoggable(message) &&
      queues.some((queue) => this.#queues.rules.isLogged(queue));
    const accepted = this.#publishes.publishOne(message, queues);
    if (one.confirming) {
      this.#intake.answer(one, accepted, isLogged);
      this.#output.confirm(one.connection);
    }
    return accepted;
  }
  releaseMessage(message: Message): void {
    this.#messages.release(message);
  }
  keepMessage(message: Message): void {
    this.#messages.retain(message, 1);
  }
  messageHeader(message: Message): Uint8Array {
    return this.#messages.header(message);
  }
  messageKey(message: Message): Uint8Array {
    return this.#messages.key(message);
  }
  messageMandatory(message: Message): boolean {
    return this.#messages.mandatory(message);
  }
  messageBody(message: Message): Uint8Array {
    return this.#messages.body(message);
  }
  returnMessage(channel: ChannelRef, message: Message, code: number, text: Uint8Array): void {
    this.#deliveries.returnMessage(this.#channel(channel), message, code, text);
  }

  addConsumer(
    channel: ChannelRef,
    queue: Queue,
    tag: Uint8Array,
    noAck: boolean,
    prefetch: number,
    priority: number,
  ): Consumer {
    return this.#scheduler.add(this.#channel(channel), queue, tag.slice(), noAck, prefetch, priority);
  }
  cancelConsumer(consumer: Consumer): void {
    const one = this.#scheduler.find(consumer);
    if (one !== undefined) this.#scheduler.remove(one);
  }
  oldestUnacked(consumer: Consumer): number {
    const one = this.#scheduler.find(consumer);
    return one === undefined ? 0 : one.channel.unacked.firstTagOf(one);
  }
  returnDeliveries(consumer: Consumer): void {
    const one = this.#scheduler.find(consumer);
    if (one === undefined) return;
    this.#settlements.giveBackOf(one);
    this.#settlements.flush();
  }
  get(channel: ChannelRef, queue: Queue, noAck: boolean): boolean {
    return this.#deliveries.get(this.#channel(channel), queue, noAck);
  }

  serve(): boolean {
    return this.#scheduler.serve();
  }
  nextOutput(): number {
    const connection = this.#output.next();
    if (connection === undefined) return -1;
    this.#launch(connection);
    return connection.id;
  }
  takeOutput(connection: ConnectionRef): boolean {
    const one = this.#connection(connection);
    if (one.outbox.filled === 0) return false;
    this.#launch(one);
    return true;
  }
  #launch(connection: Connection): void {
    const { box, length } = connection.outbox.launch();
    this.outputBox = box;
    this.outputOffset = box;
    this.outputLength = length;
  }
  written(connection: ConnectionRef, box: number): void {
    this.#output.landed(this.#connection(connection), box);
  }
  outputIdle(connection: ConnectionRef): boolean {
    return !this.#connection(connection).content.active;
  }

  sleep(): boolean {
    this.#doorbell.setSleeping(true);
    if (!this.#hasWork() && !this.#memory.lackIsOver() && !this.#absent.isSomethingBack()) return true;
    this.#doorbell.setSleeping(false);
    return false;
  }
  #hasWork(): boolean {
    if (this.#isCoordinator && this.#stock.wishes.areThere()) return true;
    return this.#scheduler.hasWork() || this.#output.hasWork() || this.#queues.deadCount > 0;
  }
  wake(): void {
    this.#doorbell.setSleeping(false);
  }
  doorbell(): Promise<void> {
    return this.#doorbell.next();
  }

  #connection(handle: ConnectionRef): Connection {
    const connection = this.#connections.get(handle);
    if (connection === undefined) throw new Error(`no connection ${handle}`);
    return connection;
  }

  #channel(handle: ChannelRef): Channel {
    const channel = this.#channels.get(handle);
    if (channel === undefined) throw new Error(`no channel ${handle}`);
    return channel;
  }

  startLog(lane: number, firstMessage: number): void {
    this.#log.start(lane, firstMessage);
  }
  setLogId(queue: Queue, id: number, nextPosition: number): void {
    this.#logged.setLogId(queue, id, nextPosition);
  }
  takeBatch(): LogBatch | null {
    return this.#log.take();
  }
  get gatheringBatch(): number {
    return this.#log.gathering;
  }
  stampBatch(batch: LogBatch, seed: LogSeed): readonly Uint8Array[] {
    return ownBatch(batch).stamp(seed);
  }
  batchFacts(batch: LogBatch): Uint8Array {
    return ownBatch(batch).facts();
  }
  batchDone(batch: LogBatch): void {
    for (const channel of this.#log.finish(batch)) {
      channel.held.release(batch.number);
      if (channel.state === 'open') this.#output.release(channel);
    }
  }
  blockPublishers(blocked: boolean): void {
    this.#memory.blockPublishers(blocked);
  }
  redeliveredRuns(queue: Queue): readonly { readonly level: number; readonly from: number; readonly count: number }[] {
    return this.#logged.redeliveredRuns(queue);
  }
  memoryFree(): number {
    return this.#memory.free();
  }
  readonly slotsPerBlock = SLOTS;
  readonly stagingBytes = SEGMENT;
  setAbsent(queue: Queue, count: number): boolean {
    return this.#absent.make(queue, count);
  }
  absentCount(queue: Queue): number {
    return this.#absent.count(queue);
  }
  levelOf(queue: Queue, level: number): Queue {
    return level === 0 ? queue : 0;
  }
  presentCount(queue: Queue): number {
    return this.#absent.present(queue);
  }
  takeStaging(): number {
    return this.#memory.takeStaging();
  }
  giveStaging(offset: number): void {
    this.#memory.freeSegment(offset);
  }
  pageOut(queue: Queue, margin: number): number {
    return this.#absent.pageOut(queue, margin);
  }
  pageOutFill(offset: number, length: number): number {
    return this.#absent.out.fill(offset, length);
  }
  pageOutEnd(done: boolean): boolean {
    return this.#absent.out.end(done);
  }
  pageIn(queue: Queue): number {
    return this.#absent.in.begin(queue);
  }
  pageInTake(offset: number, length: number): number {
    return this.#absent.in.take(offset, length);
  }
  pageInEnd(done: boolean): boolean {
    return this.#absent.in.end(done);
  }
  dropAbsent(queue: Queue): number {
    return this.#absent.drop(queue);
  }
  nextWish(): Queue {
    return this.#stock.wishes.next();
  }
  awaitFront(queue: Queue): boolean {
    return this.#absent.awaitFront(queue);
  }
}
