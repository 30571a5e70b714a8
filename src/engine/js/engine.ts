/**
 * This folder is the plain-JavaScript twin of the core; only what opens a core imports it.
 *
 * The plain-JavaScript twin behind the `Engine` interface: the baseline that the WebAssembly core is measured against,
 * the oracle that it is compared with, and the engine of last resort. Handles of connections and channels are numbers
 * into tables of this participant.
 */

import type {
  Channel as ChannelRef,
  Connection as ConnectionRef,
  Consumer,
  CounterList,
  Engine,
  Extent,
  Held,
  ListCounter,
  Message,
  Queue,
  QueueCounter,
  SharedCore,
} from '../engine.js';
import { ChannelCounter, ConsumerState, type Content, Counter, inVhost, RouteFlag, Stop } from '../engine.js';
import type { UnitKind } from '../participant.js';
import { Channel, Connection, type Consumer as OwnConsumer } from './amqp/connection.js';
import { ContentFrames } from './amqp/content-frames.js';
import type { Deliveries } from './amqp/deliveries.js';
import { heldBy } from './amqp/held.js';
import type { ConnectionReader } from './amqp/ingest.js';
import { Outbox } from './amqp/outbox.js';
import type { Output } from './amqp/output.js';
import type { Publishes } from './amqp/publishes.js';
import type { Routes } from './amqp/routes.js';
import type { Scheduler } from './amqp/scheduler.js';
import type { Settlements } from './amqp/settlements.js';
import type { Work } from './amqp/work.js';
import { Composition, type FurtherKinds } from './composition.js';
import type { Log } from './log/log.js';
import { contention } from './memory/contention.js';
import type { CounterLists } from './memory/counter-lists.js';
import type { Counters } from './memory/counters.js';
import type { Doorbell } from './memory/doorbell.js';
import { type Latencies, stampOf } from './memory/latencies.js';
import { Feature, QueueCell, READ_LENGTH, Root } from './memory/layout.js';
import type { Memory } from './memory/memory.js';
import type { Clock, Messages } from './memory/messages.js';
import { word } from './memory/views.js';
import { JsQueueCalls } from './queue-calls.js';
import type { QueueContents } from './queues/queue-contents.js';
import type { Queues } from './queues/queues.js';
import type { Spilled } from './spill/spilled.js';

export { initJsCore } from './memory/memory.js';

/** Joins a memory that `initJsCore` has laid out. `further`: kinds of queues that a test brings along. */
export function openJsEngine(shared: SharedCore, participant: number, further: FurtherKinds = () => []): Engine {
  return new JsEngine(shared, participant, further);
}

const STATES: Readonly<Record<OwnConsumer['state'], ConsumerState>> = {
  waiting: ConsumerState.WAITING,
  runnable: ConsumerState.RUNNABLE,
  'without credit': ConsumerState.NO_CREDIT,
  'without room': ConsumerState.NO_OUTPUT,
  dead: ConsumerState.WAITING,
};

class JsEngine extends JsQueueCalls implements Engine {
  readonly kind = 'js';
  readonly bytes: Uint8Array;
  readonly readOffset: number;
  readonly readLength = READ_LENGTH;
  outputOffset = 0;
  outputLength = 0;
  outputBox = 0;

  readonly #isCoordinator: boolean;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #log: Log<Channel>;
  readonly #contents: QueueContents;
  readonly #queues: Queues;
  readonly #spilled: Spilled;
  readonly #routes: Routes;
  readonly #publishes: Publishes;
  readonly #settlements: Settlements;
  readonly #output: Output;
  readonly #deliveries: Deliveries;
  readonly #scheduler: Scheduler;
  readonly #reader: ConnectionReader;
  readonly #doorbell: Doorbell;
  readonly #work: Work;
  readonly #counters: Counters;
  readonly #counterLists: CounterLists;
  readonly #latencies: Latencies;
  readonly #connections = new Map<ConnectionRef, Connection>();
  readonly #channels = new Map<ChannelRef, Channel>();
  #lastHandle = 0;
  #topologyApplied = 0;

  constructor(shared: SharedCore, participant: number, further: FurtherKinds) {
    const composition = new Composition(shared, participant, further);
    super(composition);
    this.bytes = composition.memory.bytes;
    this.readOffset = composition.readOffset;
    this.#isCoordinator = composition.isCoordinator;
    this.#clock = composition.clock;
    this.#memory = composition.memory;
    this.#messages = composition.messages;
    this.#log = composition.log;
    this.#contents = composition.contents;
    this.#queues = composition.queues;
    this.#spilled = composition.spilled;
    this.#routes = composition.routes;
    this.#publishes = composition.publishes;
    this.#settlements = composition.settlements;
    this.#output = composition.output;
    this.#deliveries = composition.deliveries;
    this.#scheduler = composition.scheduler;
    this.#reader = composition.reader;
    this.#doorbell = composition.doorbell;
    this.#work = composition.work;
    this.#counters = composition.counters;
    this.#counterLists = composition.counterLists;
    this.#latencies = composition.latencies;
  }

  get work(): number {
    return this.#work.done;
  }
  get consumed(): number {
    return this.#reader.consumed;
  }
  get frameOffset(): number {
    return this.#reader.frameOffset;
  }
  get frameLength(): number {
    return this.#reader.frameLength;
  }
  get stopChannel(): number {
    return this.#reader.stopChannel;
  }
  get stopMessage(): Message {
    return this.#reader.stopMessage;
  }

  memoryUsed(): number {
    return this.#memory.used();
  }

  unitsUsed(kind: UnitKind): number {
    return this.#memory.unitsUsed(kind);
  }

  memoryFree(): number {
    return this.#memory.free();
  }

  setAside(bytes: number): boolean {
    return this.#memory.setAside(bytes);
  }

  setTime(now: number, micros = 0): void {
    this.#clock.now = now;
    this.#clock.stamp = stampOf(now, micros);
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
    this.#contents.forgetRetired();
    this.#spilled.forgetRetired();
  }

  openConnection(id: number, vhost: number): ConnectionRef {
    const handle = ++this.#lastHandle;
    const content = new ContentFrames(this.#memory, this.#messages);
    this.#connections.set(handle, new Connection(handle, id, vhost, new Outbox(this.#memory), content));
    return handle;
  }
  setBodyMax(connection: ConnectionRef, bytes: number): void {
    this.#connection(connection).bodyMax = bytes;
  }
  setFrameMax(connection: ConnectionRef, bytes: number): void {
    const one = this.#connection(connection);
    one.inputMax = bytes;
    one.outputMax = bytes;
  }
  setVhost(connection: ConnectionRef, vhost: number, counters: CounterList): void {
    this.#connection(connection).vhost = vhost;
    this.countForVhost(connection, counters);
  }
  countForVhost(connection: ConnectionRef, counters: CounterList): void {
    this.#connection(connection).vhostCounters = this.#counterLists.blockOf(counters);
  }
  closeConnection(connection: ConnectionRef): void {
    const one = this.#connection(connection);
    one.closed = true;
    for (const channel of one.channels()) this.freeChannel(channel.handle);
    this.#output.forget(one);
    one.withoutRoom.length = 0;
    one.servedWithoutRoom.length = 0;
    this.#connections.delete(connection);
  }

  ingest(connection: ConnectionRef, offset: number, length: number, work = Number.POSITIVE_INFINITY): Stop {
    if (this.topologyEpoch() !== this.#topologyApplied) {
      this.#reader.consumed = 0;
      return Stop.TOPOLOGY;
    }
    const one = this.#connection(connection);
    this.#work.begin(work);
    const stop = this.#reader.scan(one, offset, length);
    this.#reader.countRead(one);
    this.#work.begin(Number.POSITIVE_INFINITY);
    this.#publishes.flush();
    this.#settlements.flush();
    this.#output.confirm(one);
    return stop;
  }

  openChannel(connection: ConnectionRef, number: number): ChannelRef {
    const one = this.#connection(connection);
    const handle = ++this.#lastHandle;
    const channel = new Channel(handle, one, number);
    channel.activeAt = this.#clock.now;
    one.addChannel(channel);
    this.#channels.set(handle, channel);
    return handle;
  }
  closeChannel(channel: ChannelRef): void {
    const one = this.#channel(channel);
    if (one.state === 'closing') return;
    one.state = 'closing';
    this.#log.forget(one);
    this.#reader.drop(one.connection, one);
    for (const consumer of [...one.consumers]) this.#scheduler.remove(consumer);
    this.#settlements.all(one, 'requeue');
    this.#settlements.flush();
  }
  freeChannel(channel: ChannelRef): void {
    const one = this.#channel(channel);
    this.closeChannel(channel);
    one.keepCounters();
    one.connection.removeChannel(one);
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
    const outcome = requeue === null ? 'settle' : requeue ? 'requeue' : 'reject';
    const known = this.#settlements.settle(this.#channel(channel), tag, multiple, outcome);
    this.#settlements.flush();
    return known;
  }
  isUnacked(channel: ChannelRef, tag: number): boolean {
    return this.#channel(channel).unacked.has(tag);
  }
  deliveryArrival(channel: ChannelRef, tag: number): number {
    const slot = this.#channel(channel).unacked.slotOf(tag);
    return slot === 0 ? 0 : this.#messages.arrival(this.#queues.messageIn(slot));
  }
  setUnackedMax(channel: ChannelRef, count: number): void {
    const one = this.#channel(channel);
    one.unackedMax = count;
    this.#scheduler.onCredit(one);
  }
  setChannelPrefetch(channel: ChannelRef, count: number): void {
    const one = this.#channel(channel);
    one.prefetch = count;
    this.#scheduler.onCredit(one);
  }
  recover(channel: ChannelRef): void {
    this.#settlements.all(this.#channel(channel), 'requeue');
    this.#settlements.flush();
  }
  lastTag(channel: ChannelRef): number {
    return this.#channel(channel).lastTag;
  }
  unackedCount(channel: ChannelRef): number {
    return this.#channel(channel).unacked.count;
  }

  unconfirmedCount(channel: ChannelRef): number {
    const { handled, confirmed } = this.#channel(channel);
    return handled - confirmed;
  }

  installRoute(connection: ConnectionRef, queues: readonly Queue[], flags: number, counters: CounterList): void {
    const { frameOffset, frameLength } = this.#reader;
    const key = this.bytes.slice(frameOffset, frameOffset + frameLength);
    const asksHost = (flags & RouteFlag.ASK_HOST) !== 0;
    const have = (features: number): boolean =>
      queues.some((queue) => (this.#queues.features.of(queue) & features) !== 0);
    this.#routes.install({
      vhost: this.#connection(connection).vhost,
      key,
      queues: [...queues],
      askHost: asksHost,
      guarded: have(Feature.REJECT | Feature.PRIORITIES),
      logged: have(Feature.LOGGED),
      counters: this.#counterLists.blockOf(counters),
    });
  }
  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): readonly Queue[] | null {
    return this.#publishes.republish(message, key, header, queues);
  }
  // The header says by itself whether it is persistent.
  compose(key: Uint8Array, header: Uint8Array, body: Uint8Array, _persistent: boolean, queues: readonly Queue[]) {
    return this.#publishes.compose(key, header, body, queues);
  }
  publish(
    channel: ChannelRef,
    message: Message,
    queues: readonly Queue[],
    header: Uint8Array | null = null,
    key: Uint8Array | null = null,
  ): boolean | null {
    const isLogged =
      this.#messages.isLoggable(message) && queues.some((queue) => this.#queues.features.isLogged(queue));
    const refused = this.#send(message, queues, header, key);
    if (refused === null) return null;
    const accepted = refused.length === 0;
    const one = this.#channel(channel);
    this.countOf(channel, ChannelCounter.PUBLISHED, 1);
    if (one.confirming) {
      this.#reader.answer(one, accepted, isLogged);
      this.#output.confirm(one.connection);
    }
    return accepted;
  }
  /** Takes the message, unless there is no memory. */
  #send(
    message: Message,
    queues: readonly Queue[],
    header: Uint8Array | null,
    key: Uint8Array | null,
  ): readonly Queue[] | null {
    if (header === null || queues.length === 0) {
      this.#messages.beginLife(message);
      return this.#publishes.prepareOne(queues.length) ? this.#publishes.publishOne(message, queues) : null;
    }
    const refused = this.#publishes.republish(message, key ?? this.#messages.key(message), header, queues);
    if (refused !== null) this.#messages.release(message);
    return refused;
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
  messageArrival(message: Message): number {
    return this.#messages.arrival(message);
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
  heldBy(channel: ChannelRef): readonly Held[] {
    return heldBy(this.#channel(channel), (slot) => this.#queues.queueOf(slot));
  }
  consumerState(consumer: Consumer): ConsumerState {
    return STATES[this.#scheduler.find(consumer)?.state ?? 'dead'];
  }
  lastDelivery(consumer: Consumer): number | null {
    return this.#scheduler.find(consumer)?.deliveredAt || null;
  }
  lastAcknowledgement(consumer: Consumer): number | null {
    return this.#scheduler.find(consumer)?.acknowledgedAt || null;
  }
  requeueDeliveries(consumer: Consumer): void {
    const one = this.#scheduler.find(consumer);
    if (one === undefined) return;
    this.#settlements.requeueOf(one);
    this.#settlements.flush();
  }
  isOwed(queue: Queue, extent: Extent | null): boolean {
    return this.#queues.isOwed(queue, extent);
  }
  /** Runs get their places, and fill them, under the queue's lock: what is looked for is seen. */
  isDrained(_queue: Queue): boolean {
    return true;
  }
  extentOf(queue: Queue): Extent {
    return this.#queues.extentOf(queue);
  }
  get(channel: ChannelRef, queue: Queue, noAck: boolean): boolean {
    return this.#deliveries.get(this.#channel(channel), queue, noAck);
  }

  serve(): boolean {
    const more = this.#scheduler.serve();
    if (contention.waits > 0) this.#countContention();
    return more;
  }
  #countContention(): void {
    this.#counters.count(Counter.LOCK_WAITS, contention.waits);
    this.#counters.count(Counter.LOCK_SLEEPS, contention.sleeps);
    contention.waits = 0;
    contention.sleeps = 0;
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
    this.#counters.countInVhost(connection.vhostCounters, Counter.OCTETS_OUT, length);
  }
  written(connection: ConnectionRef, box: number): void {
    this.#output.landed(this.#connection(connection), box);
  }
  outputIdle(connection: ConnectionRef): boolean {
    return !this.#connection(connection).content.active;
  }

  get hasUntimed(): boolean {
    return this.#latencies.hasSamples;
  }
  timeDeliveries(now: number, micros: number): void {
    this.#latencies.record(stampOf(now, micros));
  }
  latencyCount(bucket: number): number {
    return this.#latencies.countOf(bucket);
  }
  latencySum(): number {
    return this.#latencies.sum();
  }

  counted(counter: Counter): number {
    return this.#counters.sum(counter);
  }
  countedBy(participant: number, counter: Counter): number {
    return this.#counters.of(participant, counter);
  }
  countedAt(queue: Queue, counter: QueueCounter): number {
    return this.#counters.sumIn(word(queue, QueueCell.COUNTERS), counter);
  }
  count(counter: Counter, more: number): void {
    this.#counters.count(counter, more);
  }
  countAt(queue: Queue, counter: QueueCounter, more: number): void {
    this.#counters.countAt(queue, counter, more);
  }
  countedOf(channel: ChannelRef, counter: ChannelCounter): number {
    return this.#channel(channel).counted[counter] ?? 0;
  }
  countedOfEnded(connection: ConnectionRef, counter: ChannelCounter): number {
    return this.#connection(connection).ended[counter] ?? 0;
  }
  countOf(channel: ChannelRef, counter: ChannelCounter, more: number): void {
    const one = this.#channel(channel);
    one.count(counter, more);
    const ofVhost = inVhost(counter);
    if (ofVhost !== null) this.#counters.countInVhost(one.connection.vhostCounters, ofVhost, more);
  }
  activeAt(channel: ChannelRef): number {
    return this.#channel(channel).activeAt;
  }
  openCounters(list: CounterList): boolean {
    return this.#counterLists.open(list);
  }
  closeCounters(list: CounterList): void {
    this.#counterLists.close(list);
  }
  countedIn(list: CounterList, counter: ListCounter): number {
    const head = this.#counterLists.at(list);
    return head === 0 ? 0 : this.#counters.sumIn(head, counter);
  }
  countIn(list: CounterList, counter: ListCounter, more: number): void {
    const head = this.#counterLists.at(list);
    if (head !== 0) this.#counters.countIn(head, counter, more);
  }

  sleep(): boolean {
    this.#doorbell.setSleeping(true);
    if (!this.#hasWork() && !this.#memory.lackIsOver() && !this.#spilled.isSomethingBack()) return true;
    this.#doorbell.setSleeping(false);
    return false;
  }
  #hasWork(): boolean {
    if (this.#isCoordinator && this.#contents.pageInRequests.areThere()) return true;
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
}
