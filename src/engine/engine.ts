/**
 * The one interface to a core. Two implementations stand behind it: `wasm/` (the WebAssembly core) and `js/` (its
 * plain-JavaScript twin). Everything above this folder drives the message path through these calls and nothing else.
 *
 * One `Engine` is one participant: a worker thread, or the coordinator (the last participant). All participants
 * share one memory; a participant's connections, channels and consumers are its own, queues and messages are shared.
 * What must hold: no call throws for anything that came from a socket; a call that finds no memory says so by its
 * result; an error thrown here is a defect of the core and ends the process.
 */

import type { Seed } from '../log/log-memory.js';

export type EngineKind = 'wasm' | 'js';

/** References into a core. All are non-zero integers; 0 means "none". They are opaque to the host. */
export type Queue = number;
export type Connection = number;
export type Channel = number;
export type Consumer = number;
export type Message = number;

/** What a participant needs to join: structured-cloneable, handed to worker threads as it is. */
export interface SharedCore {
  readonly kind: EngineKind;
  readonly buffer: SharedArrayBuffer;
  /** The WebAssembly memory and compiled module; spilled for the JavaScript twin. */
  readonly memory?: WebAssembly.Memory;
  readonly module?: WebAssembly.Module;
  /** Worker threads; participants are 0 … workers, the coordinator being number `workers`. */
  readonly workers: number;
}

/** Why `ingest` came back. */
export const Stop = {
  /** All bytes were taken (what is incomplete is kept by the core). */
  END: 0,
  /**
   * A whole, well-framed frame that is the host's to handle: `frameOffset`, `frameLength` (header and end octet
   * included). It counts as consumed.
   */
  FRAME: 1,
  /**
   * A basic.publish whose route is not known: the key (exchange and routing key as two short strings) lies at
   * `frameOffset`, `frameLength`; the channel is `stopChannel`. Not consumed: install a route (or close the channel)
   * and call again with the rest.
   */
  ROUTE: 2,
  /**
   * A whole message whose route asks the host: `stopMessage`, `stopChannel`. Consumed. It is the host's until it
   * answers with `publish`: before the next `ingest` of this connection, or, on a transactional channel, at any time.
   * Besides the route, the message itself may ask for the host: an `expiration` that is no number of milliseconds, a
   * `user-id`, a header CC or BCC, or `amq.rabbitmq.reply-to` as `reply-to`.
   */
  MESSAGE: 3,
  /**
   * No memory for a message: keep the rest, stop reading this socket, and try again after a doorbell or a later turn.
   */
  MEMORY: 4,
  /**
   * The topology epoch has moved: apply the changes waiting in the port, call `applyTopology`, and call again with the
   * rest.
   */
  TOPOLOGY: 5,
  /**
   * A frame whose payload is longer than frame-max (the 8 octets around it are forgiven, as RabbitMQ does); its 7-octet
   * header is at `frameOffset`. The connection cannot go on.
   */
  OVERSIZE: 6,
  /**
   * A frame that does not end in 0xCE; it is at `frameOffset`, `frameLength` (0 when it is a long body, whose start is
   * gone). The connection cannot go on.
   */
  FRAME_END: 7,
  /**
   * As much work was done as was asked for. What is left is to be brought when others have had their turn; nothing else
   * is asked of the host.
   */
  WORK: 8,
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/** How a route treats the messages that take it. */
export const RouteFlag = {
  /** Nothing depends on the message: the core enqueues without asking. */
  STATIC: 0,
  /** Every message stops with `Stop.MESSAGE` once it is complete. */
  ASK_HOST: 1,
} as const;

/** What a channel expects next from its client. */
export const Content = {
  /** A method frame. */
  NONE: 0,
  /** The content header of a basic.publish. */
  HEADER: 1,
  /** More body. */
  BODY: 2,
} as const;
export type Content = (typeof Content)[keyof typeof Content];

/**
 * Limits that both engines keep; each stands here once and is checked against the AssemblyScript sources when the core
 * is loaded.
 */
export const Limit = {
  /** Largest frame of all (bytes, header and end octet included); what tune offers. */
  FRAME_MAX: 131072,
  /** Largest body (bytes); a longer one is handed over as `Stop.FRAME` with its header frame. */
  BODY_MAX: 134217728,
  /** Most channels of a connection. */
  CHANNEL_MAX: 2047,
} as const;

/** What a queue does with a message that it has no room for. */
export const Overflow = {
  /** The oldest ready messages die (reason MAXLEN). */
  DROP_HEAD: 0,
  /** The message is refused: basic.nack where confirms are on. */
  REJECT_PUBLISH: 1,
  /** The message is refused, and dies (reason MAXLEN). */
  REJECT_PUBLISH_DLX: 2,
} as const;
export type Overflow = (typeof Overflow)[keyof typeof Overflow];

/** Why a message died. */
export const Death = {
  /** basic.reject, or basic.nack, without requeue. */
  REJECTED: 0,
  /** Its time to live, or the queue's, is over. */
  EXPIRED: 1,
  /** The queue was too long. */
  MAXLEN: 2,
  /** It was given back more often than the queue allows. */
  DELIVERY_LIMIT: 3,
} as const;
export type Death = (typeof Death)[keyof typeof Death];

/** What a queue does beyond holding messages. A queue without any of it pays nothing for it. */
export interface QueueRules {
  /** Time to live of its messages (ms, 0 …), besides each message's own `expiration`; the smaller holds. */
  readonly ttl: number | null;
  /** Most ready messages, most bytes of their bodies. */
  readonly maxLength: number | null;
  readonly maxBytes: number | null;
  readonly overflow: Overflow;
  /** What dies here is handed to the host (`nextDead`); otherwise it is dropped. */
  readonly deadLetters: boolean;
  /** Highest priority (1 … 255); 0: all messages are equal. Given once, before the first message. */
  readonly maxPriority: number;
  /** How often a message may be requeued (0 …): once more and it dies. */
  readonly deliveryLimit: number | null;
  /** Deliveries after the first carry the header `x-delivery-count`. */
  readonly deliveryCount: boolean;
}

/** Takes places in a row of a queue, by its number in the log, that are done and for whose record there is no room. */
export type HeldBack = (queue: number, from: number, count: number) => void;

/** Records that were made since the batch before it, and the confirms that wait for them. */
export interface LogBatch {
  /** Counts from 1 for each participant. */
  readonly number: number;
  /** Octets of all records; 0: only confirms wait in it. */
  readonly octets: number;
  /** Messages in it, and the octets of their records. */
  readonly messages: number;
  readonly messageOctets: number;
}

/**
 * How far a queue goes at one time. For each level, from 0: the position behind its last message; and of what was given
 * back to it, how many will have been taken when as many are as are there. Both wrap at 2^32, and are compared by
 * subtraction.
 */
export type Extent = Uint32Array;

export interface Engine {
  readonly kind: EngineKind;
  /** The whole shared memory. */
  readonly bytes: Uint8Array;
  /** Where this worker's sockets read into: `readLength` bytes at `readOffset`. */
  readonly readOffset: number;
  readonly readLength: number;

  // ── Results of the last call ─────────────────────────────────────────────────────────────────────────────────
  /** Bytes of the input that the last `ingest` took. */
  readonly consumed: number;
  readonly frameOffset: number;
  readonly frameLength: number;
  /** Queue and reason of the message that `nextDead` gave out. */
  readonly deadQueue: Queue;
  readonly deadReason: Death;
  /** Number of the channel that the last stop is about, and its message. */
  readonly stopChannel: number;
  readonly stopMessage: Message;
  /** Work done by all calls so far, in enqueues or what takes about as long; 32 bits, it wraps. */
  readonly work: number;
  /** The chunk that `nextOutput` or `takeOutput` gave out. */
  readonly outputOffset: number;
  readonly outputLength: number;
  readonly outputBox: number;

  // ── Memory ───────────────────────────────────────────────────────────────────────────────────────────────────
  /** Bytes that are in use by segments, pages and boxes (not those that are free again). */
  memoryUsed(): number;
  /**
   * Bytes that nobody has ever needed or that are free again as a whole: what messages and everything else may still
   * take. Fewer than a third of all ring the coordinator.
   */
  memoryFree(): number;
  /**
   * From now on this participant keeps so many bytes of the memory from everybody: for what is remembered elsewhere and
   * counts towards the same bound. False: messages cannot spare them, or they would be more than a quarter of all; then
   * nothing has changed.
   */
  setAside(bytes: number): boolean;

  /**
   * Sets this participant's clock (ms since the Unix epoch, as `Date.now`): what arrives is stamped with it, what is
   * too old by it dies.
   */
  setTime(now: number): void;

  // ── Topology ─────────────────────────────────────────────────────────────────────────────────────────────────
  /**
   * Coordinator: makes every worker drain its port before it scans another read. Call it after the change is posted.
   * Returns the new epoch.
   */
  raiseTopology(): number;
  /** The current epoch. A worker reads it, drains its port, then calls `applyTopology` with it. */
  topologyEpoch(): number;
  /** Worker: everything posted up to `epoch` has been applied. Forgets all cached routes. */
  applyTopology(epoch: number): void;

  // ── Queues (any participant) ─────────────────────────────────────────────────────────────────────────────────
  /** Makes an empty queue; 0 when there is no memory. */
  createQueue(): Queue;
  /**
   * Coordinator: sets what the queue does from now on; false when there is no memory (nothing is changed then). Routes
   * to it must be resolved anew (`raiseTopology`).
   */
  setRules(queue: Queue, rules: QueueRules): boolean;
  /**
   * Worker: the queue's rules have changed. What is too much by them dies, through one of the workers that call this.
   */
  keepLength(queue: Queue): void;
  /** Messages that wait for a consumer (not those delivered and unacknowledged). */
  readyCount(queue: Queue): number;
  /** Bytes of their bodies; counted for queues with `maxBytes`, else 0. */
  readyBytes(queue: Queue): number;
  /** When a message was last asked for by `get` (ms since the Unix epoch; 0: never). */
  lastGet(queue: Queue): number;
  /**
   * Drops ready messages, all or about `most`; returns how many: 0 when there are none, or all are about to go
   * otherwise.
   */
  purge(queue: Queue, most?: number): number;
  /**
   * First step of deleting: from now on nobody gets anything of the queue, and what is published or requeued is
   * dropped. Returns how many messages were ready. Some of them are dropped, the rest is left to `purge`.
   */
  retireQueue(queue: Queue): number;
  /**
   * Last step (it drops what is left), once every participant has applied the deletion (no route, no consumer): its
   * memory is free when its last unacknowledged message is settled.
   */
  freeQueue(queue: Queue): void;

  // ── Death (workers) ──────────────────────────────────────────────────────────────────────────────────────────
  /**
   * Queues whose messages may expire and that this worker sweeps. As long as there are some, `sweep` must be called,
   * and again after `sweepPause`.
   */
  expiringQueues(): number;
  /**
   * How long until the next sweep (ms): less, at the end of a turn, when something has come meanwhile that may be due
   * before.
   */
  sweepPause(): number;
  /** Lets what has expired at the heads of those queues die; bounded. True: there is more to do at once. */
  sweep(): boolean;
  /**
   * The oldest message that died through this worker in a queue with `deadLetters`, or 0; with `deadQueue`,
   * `deadReason`. It is the same until `settleDead`.
   */
  nextDead(): Message;
  /**
   * Enqueues a copy of a message, the body as it is, under another key (two short strings) and another payload of the
   * content header frame, to queues. Returns those that refused it; null: no memory, nothing was done. The message
   * stays its owner's.
   */
  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): readonly Queue[] | null;
  /**
   * Enqueues a message that is made of octets from elsewhere: key (two short strings), payload of the content header
   * frame, and body; `persistent` is what that header says. Returns the queues that refused it; null: no memory,
   * nothing was done.
   */
  compose(
    key: Uint8Array,
    header: Uint8Array,
    body: Uint8Array,
    persistent: boolean,
    queues: readonly Queue[],
  ): readonly Queue[] | null;
  /** The host is done with what `nextDead` gave out. */
  settleDead(): void;
  /**
   * In place of `settleDead`: the host keeps the message, which counts towards its queue's limits until
   * `settleDeadKept` with the number returned. 0: it had been refused, and no queue has it; nothing was done.
   */
  keepDead(): number;
  settleDeadKept(kept: number): void;

  // ── The log (participants whose host keeps one) ──────────────────────────────────────────────────────────────
  /**
   * From now on this participant records what is persistent in queues with a log id. `firstMessage`: the number of its
   * first message in the lane. `heldBack` takes what finds no room; it must not call the engine.
   */
  startLog(lane: number, firstMessage: number, heldBack: HeldBack): void;
  /**
   * Coordinator, before the queue's first message: the queue's number in the log (a multiple of 256; its levels count
   * on from it), and the log position of its first message.
   */
  setLogId(queue: Queue, id: number, nextPosition: number): void;
  /**
   * Ends the batch that gathers; null: nothing is in it, or batches are under way and there is no memory for one more.
   */
  takeBatch(): LogBatch | null;
  /** Whether something is recorded that no batch has taken. */
  readonly gathers: boolean;
  /** Records places in a row that `heldBack` has taken; it is given them again if there is still no room. */
  recordDone(queue: number, from: number, count: number): void;
  /** Number of the batch that gathers: what was just published or settled is in it, or `heldBack` has it. */
  readonly gatheringBatch: number;
  /**
   * Makes a batch's records those of the file with this seed, and gives the octets to write, in order. May be called
   * again with another seed.
   */
  stampBatch(batch: LogBatch, seed: Seed): readonly Uint8Array[];
  /** A copy of the batch's records of places taken and done (ENQUEUE and ACK), not stamped. */
  batchFacts(batch: LogBatch): Uint8Array;
  /**
   * The batch is as durable as was asked for: its confirms go out, its octets may be used anew. Batches are done in
   * order.
   */
  batchDone(batch: LogBatch): void;
  /** Coordinator: while publishers are blocked every `ingest` stops with `Stop.MEMORY` at a content header. */
  blockPublishers(blocked: boolean): void;
  /** Log positions of the ready messages that were delivered before, while nobody else works with the queue. */
  redeliveredRuns(
    queue: Queue,
  ): readonly { readonly priority: number; readonly from: number; readonly count: number }[];

  // ── Messages that are elsewhere (coordinator; one portion on its way out and one on its way in at a time) ────
  /** Messages of a block: so many leave and come back together at most. */
  readonly slotsPerBlock: number;
  /**
   * The queue that holds the messages of one level of a queue with priorities: what is said here of queues goes for it,
   * too; level 0 is the queue itself. 0: there is no such level; it was never used or, to be made, lacks memory.
   */
  priorityOf(queue: Queue, priority: number, make: boolean): Queue;
  /**
   * The first `count` messages of a queue that was just made, with bodies of `bytes` in all, are elsewhere. False: no
   * memory, or more than 2^30.
   */
  setSpilled(queue: Queue, count: number, bytes: number): boolean;
  spilledCount(queue: Queue): number;
  /** Ready messages before the first spilled one (of level 0; those that were given back not counted). */
  presentCount(queue: Queue): number;
  /** Room for an image on its way, `stagingBytes` of core memory; 0: no memory. Until `giveStaging`. */
  takeStaging(): number;
  giveStaging(offset: number): void;
  readonly stagingBytes: number;
  /**
   * Begins to send away messages in a row of one block: those behind the spilled ones; of a queue without such those of
   * the block `margin` blocks behind the one next to the first message's; with a margin of −1 those of that one itself,
   * where the first stays unless it is longer than a frame. At most `most` octets, or one message; what does not reach
   * the end of its block stays if it has less than `least`. The octets of the image; 0: none may leave; −1: somebody
   * may be claiming them, ask again soon (or end it).
   */
  pageOut(queue: Queue, margin: number, least: number, most: number): number;
  /** Messages on their way out. */
  readonly pageOutCount: number;
  /**
   * Writes whole units of the image (src/log/spill-source.ts); returns octets, 0 at its end. Any unit fits into 512
   * KiB.
   */
  pageOutFill(offset: number, length: number): number;
  /** They are away, or stay here. False: they stay, since consumers have come to them, or the queue was purged. */
  pageOutEnd(done: boolean): boolean;
  /** Begins to bring messages of the next block back: how many of it are spilled; 0: none, −1: no memory. */
  pageIn(queue: Queue): number;
  /**
   * Takes whole units; returns octets taken, −1: no memory for the next one now, −2: nobody wants them any more, or it
   * is no unit.
   */
  pageInTake(offset: number, length: number): number;
  /** What came is whole, or the message that has come in part, or last, is given up and must come anew (false). */
  pageInEnd(done: boolean): boolean;
  /**
   * Forgets the spilled messages, once all before them are claimed; returns how many, 0: it is too early, or there are
   * none. `purge`, `retireQueue` and `freeQueue` on the coordinator do so themselves. In a queue with a log id they are
   * recorded as done.
   */
  dropSpilled(queue: Queue): number;
  /** A queue whose spilled messages are wanted; 0: none. The coordinator's doorbell rings for it, if it sleeps. */
  nextPageInRequest(): Queue;
  /** Any participant: whether the next message of a queue is spilled; then all workers are rung when it is back. */
  awaitFront(queue: Queue): boolean;

  // ── Connections and channels (the worker that owns the socket) ───────────────────────────────────────────────
  /** `id` is the host's own number for it (0 … 2^31 − 1): `nextOutput` returns it. 0 when there is no memory. */
  openConnection(id: number, vhost: number): Connection;
  /** Frame-max as negotiated (bytes); until then an initial limit of 8192 holds for input. */
  setFrameMax(connection: Connection, bytes: number): void;
  /** What route keys of this connection belong to: a vhost, as its user may write there (a number the host chose). */
  setVhost(connection: Connection, vhost: number): void;
  /** Requeues everything unacknowledged, cancels all consumers, frees everything. Call it when the socket is closed. */
  closeConnection(connection: Connection): void;

  /**
   * Scans bytes that a socket delivered into core memory, until some `work` is done (without limit, if none is given):
   * it stops behind the message, or amid the acknowledgement of many, that is too much. Until the channel is opened,
   * every frame comes back as `Stop.FRAME`.
   */
  ingest(connection: Connection, offset: number, length: number, work?: number): Stop;

  /** 0 when there is no memory. The number must be free (1 … 65535). */
  openChannel(connection: Connection, number: number): Channel;
  /**
   * Requeues what is unacknowledged, cancels consumers, drops a message half received. From now on the core swallows
   * every frame on this number but channel.close and channel.close-ok, which come as `Stop.FRAME`.
   */
  closeChannel(channel: Channel): void;
  /** Forgets a channel (closing it if need be); the number can be opened anew. */
  freeChannel(channel: Channel): void;
  contentState(channel: Channel): Content;
  /** From now on publishes are numbered from 1 and confirmed. */
  setConfirm(channel: Channel): void;
  /**
   * From now on every whole message comes as `Stop.MESSAGE` and every acknowledgement as `Stop.FRAME`: the host keeps
   * them until it commits.
   */
  setTransactional(channel: Channel): void;
  /**
   * basic.ack (`requeue` null), nack and reject for the host; `multiple` with tag 0: all. False: there is no such
   * delivery, nothing was done.
   */
  settle(channel: Channel, tag: number, multiple: boolean, requeue: boolean | null): boolean;
  /** Whether a delivery is unacknowledged. */
  isUnacked(channel: Channel, tag: number): boolean;
  /** The last delivery tag that the channel has given out; 0: none. */
  lastTag(channel: Channel): number;
  /**
   * basic.qos global=true: all consumers of the channel together hold at most `count` unacknowledged messages; 0 = no
   * limit.
   */
  setChannelPrefetch(channel: Channel, count: number): void;
  /** basic.recover: requeues everything unacknowledged of the channel. */
  recover(channel: Channel): void;
  /** Unacknowledged deliveries of the channel. */
  unackedCount(channel: Channel): number;

  // ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────
  /**
   * Answers `Stop.ROUTE`: where messages with the key at `frameOffset` go until the topology changes. A mandatory
   * message on a route without queues asks the host in any case.
   */
  installRoute(connection: Connection, queues: readonly Queue[], flags: number): void;
  /**
   * Answers `Stop.MESSAGE`: enqueues the message to the queues (none: drops it) and counts it as handled for the
   * confirm. With `header`, queues get a copy whose content header frame has that payload. Where a queue refused it,
   * the confirm is a basic.nack, and the result is false. Null: no memory, nothing was done, the message is still the
   * host's.
   */
  publish(channel: Channel, message: Message, queues: readonly Queue[], header?: Uint8Array | null): boolean | null;
  /**
   * Lets go of a message that `Stop.MESSAGE` gave out, in place of `publish`: it was kept for a commit that does not
   * come.
   */
  releaseMessage(message: Message): void;
  /** Holds a message that is the host's once more, past its `publish`: until a `releaseMessage` of its own. */
  keepMessage(message: Message): void;
  /** The message's payload of the content header frame (class id, weight, body size, property flags, properties). */
  messageHeader(message: Message): Uint8Array;
  /** The message's exchange and routing key as two short strings. */
  messageKey(message: Message): Uint8Array;
  /** When the message came (ms since the Unix epoch). */
  messageArrival(message: Message): number;
  /** Whether the publish was mandatory. */
  messageMandatory(message: Message): boolean;
  /** Copies the whole body out (off the hot path). */
  messageBody(message: Message): Uint8Array;
  /**
   * Writes basic.return + content to the channel's connection; the message stays the caller's until `publish`. Needs
   * `outputIdle`.
   */
  returnMessage(channel: Channel, message: Message, code: number, text: Uint8Array): void;

  // ── Consuming ────────────────────────────────────────────────────────────────────────────────────────────────
  /**
   * `prefetch` 0 = no limit. 0 when there is no memory. `tag` is at most 255 bytes. A consumer of a lower `priority`
   * (usually 0) gets messages only while all of a higher one lack credit.
   */
  addConsumer(
    channel: Channel,
    queue: Queue,
    tag: Uint8Array,
    noAck: boolean,
    prefetch: number,
    priority: number,
  ): Consumer;
  /** Nothing more is delivered; what is unacknowledged stays so. The reference is void from now on. */
  cancelConsumer(consumer: Consumer): void;
  /** Tag of the consumer's oldest delivery that is unacknowledged, or 0. */
  oldestUnacked(consumer: Consumer): number;
  /** Gives all unacknowledged deliveries of the consumer back to their queue. */
  returnDeliveries(consumer: Consumer): void;
  /**
   * Whether a consumer, of this worker or another, is about to take a message that is ready; those that lack credit or
   * output are not. With an extent: and whether some of what was there then has not been taken yet.
   */
  isOwed(queue: Queue, extent: Extent | null): boolean;
  /** How far the queue goes by now. */
  extentOf(queue: Queue): Extent;
  /** Takes one message and writes basic.get-ok + content; false when the queue is empty. Needs `outputIdle`. */
  get(channel: Channel, queue: Queue, noAck: boolean): boolean;

  // ── A turn of the worker ─────────────────────────────────────────────────────────────────────────────────────
  /** Lets ready consumers pull, in turn, in bounded batches. True: there is more to do in a later turn. */
  serve(): boolean;
  /**
   * The next connection (its host id) with bytes to send, or −1: they lie at `outputOffset`, `outputLength`. The box is
   * in flight until `written`.
   */
  nextOutput(): number;
  /**
   * Takes what one connection has to send, in flight or not, so that the host may write frames of its own behind it.
   * False: nothing.
   */
  takeOutput(connection: Connection): boolean;
  /** The socket has taken the bytes of a box. */
  written(connection: Connection, box: number): void;
  /** True when no content is half written: only then may the host put frames of its own into the stream. */
  outputIdle(connection: Connection): boolean;

  // ── Sleep and doorbells ──────────────────────────────────────────────────────────────────────────────────────
  /**
   * Says that this worker is about to wait for events; false when there is work (then call `serve` again): another
   * worker has just left it some, or a box that was `written` since the last `serve` lets consumers go on.
   */
  sleep(): boolean;
  /** Says that this worker is running (call it first in every turn). */
  wake(): void;
  /**
   * Resolves when another participant rings (work for a consumer of ours, or memory that became free). Arm it once, and
   * again after each ring.
   */
  doorbell(): Promise<void>;
}
