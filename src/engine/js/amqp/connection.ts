/**
 * This folder is the twin of `assembly/amqp`, the hot half of the protocol; only what composes the twin may import
 * it.
 *
 * A connection, its channels and their consumers: where its input and its output stand; what each channel's client is
 * sending, has not acknowledged, is to be told; what each consumer may take. They know one another, so they stand
 * together. Private to the worker of the socket.
 */
import { FRAME_MAX_INITIAL } from '../../../numbers/core.js';
import { CHANNEL_COUNTERS, type ChannelCounter, Content, Limit } from '../../engine.js';
import { HeldConfirms } from '../log/held-confirms.js';
import { MessageBuilder } from '../memory/messages.js';
import type { ContentFrames } from './content-frames.js';
import type { Outbox } from './outbox.js';
import { PartialFrame } from './partial-frame.js';
import type { Route } from './routes.js';
import { Unacked } from './unacked.js';

export class Connection {
  /** Longest payload that is accepted, and longest frame that is sent. */
  inputMax = FRAME_MAX_INITIAL;
  outputMax = FRAME_MAX_INITIAL;
  /** Largest body that is accepted. */
  bodyMax: number = Limit.BODY_MAX;
  readonly #channels = new Map<number, Channel>();
  /** The one that was asked for last: the frames of a message come one after the other. */
  #last: Channel | undefined;

  readonly partial = new PartialFrame();
  /**
   * The channel whose body frame is taken as it comes, and the payload bytes of it that have not come; the end octet
   * follows.
   */
  streaming: Channel | null = null;
  streamLeft = 0;
  /** The channel whose message is whole but could not be enqueued yet. */
  completing: Channel | null = null;

  /** Content that did not fit an outbox: nothing else is written before its end. */
  readonly content: ContentFrames;
  /** Channels with handled publishes that are not confirmed yet. */
  readonly owing: Channel[] = [];
  /** Consumers that wait for room in the outbox: those that got nothing in their last turn, and those that did. */
  readonly withoutRoom: Consumer[] = [];
  readonly servedWithoutRoom: Consumer[] = [];
  /** This participant's block of its vhost's counters; 0: it is not counted. */
  vhostCounters = 0;
  /** What its channels have counted that have ended, by `ChannelCounter`. */
  readonly ended: number[] = [];
  /** In the list of connections that have bytes to send. */
  announced = false;
  closed = false;

  constructor(
    readonly handle: number,
    readonly id: number,
    public vhost: number,
    readonly outbox: Outbox,
    content: ContentFrames,
  ) {
    this.content = content;
  }

  channelOf(number: number): Channel | undefined {
    if (this.#last === undefined || this.#last.number !== number) this.#last = this.#channels.get(number);
    return this.#last;
  }

  channels(): Iterable<Channel> {
    return this.#channels.values();
  }

  addChannel(channel: Channel): void {
    this.#channels.set(channel.number, channel);
    this.#last = channel;
  }

  removeChannel({ number }: Channel): void {
    this.#channels.delete(number);
    this.#last = undefined;
  }
}

export class Channel {
  /** Once closing, all frames but those of closing are swallowed. */
  state: 'open' | 'closing' = 'open';

  content: Content = Content.NONE;
  /** Of the message that is being received: its route, from its basic.publish on. */
  route: Route | null = null;
  routeVersion = 0;
  mandatory = false;
  /** MessageFlag, from its content header on. */
  flags = 0;
  readonly builder = new MessageBuilder();

  /** The host keeps publishes and settlements until it commits. */
  transactional = false;
  confirming = false;
  /** Publishes handled, and those of them that were confirmed to the client. */
  handled = 0;
  confirmed = 0;
  /** Numbers of those that a queue refused, not answered yet. */
  readonly refused: number[] = [];
  /** Those that wait for the log. */
  readonly held = new HeldConfirms();
  /** In its connection's list of channels that owe confirms. */
  owesConfirm = false;

  /** The last delivery tag given out. */
  lastTag = 0;
  /** Amid an acknowledgement of all: the tag before which it ends; else 0. */
  settleEnd = 0;
  readonly unacked = new Unacked<Consumer>();
  /** Under a limit for all of them in the order in which they are let to credit. */
  readonly consumers = new Set<Consumer>();
  /** Consumers that stand without credit. */
  withoutCredit = 0;
  /** Limit for all consumers together, 0 for none, and how much of it is used. */
  prefetch = 0;
  used = 0;
  /** What is counted of it, by `ChannelCounter`. */
  readonly counted: number[] = [];
  /** When something was last published, delivered or settled (ms since the Unix epoch). */
  activeAt = 0;
  /** How many deliveries may be unacknowledged. */
  unackedMax = Number.POSITIVE_INFINITY;

  constructor(
    readonly handle: number,
    readonly connection: Connection,
    readonly number: number,
  ) {}

  count(counter: ChannelCounter, more: number): void {
    this.counted[counter] = (this.counted[counter] ?? 0) + more;
  }

  /** It ends: its connection keeps the sums. */
  keepCounters(): void {
    const { ended } = this.connection;
    for (const counter of CHANNEL_COUNTERS) ended[counter] = (ended[counter] ?? 0) + (this.counted[counter] ?? 0);
  }

  credit(): number {
    const shared = this.prefetch === 0 ? Number.POSITIVE_INFINITY : this.prefetch - this.used;
    return Math.max(0, Math.min(shared, this.unackedMax - this.unacked.count));
  }
}

export type ConsumerState =
  /** In its queue's waiters or in our inbox. */
  | 'waiting'
  /** In the run queue. */
  | 'runnable'
  /** Has as many unacknowledged messages as it or its channel may have. */
  | 'without credit'
  /** Its connection's outbox is full. */
  | 'without room'
  | 'dead';

export class Consumer {
  state: ConsumerState = 'runnable';
  /** Unacknowledged deliveries. */
  used = 0;
  /** Whether it was given its turn because messages had come. If others took them, it waits in front again. */
  granted = false;
  /**
   * Since when (ms since the Unix epoch) it has been able to take messages, but for what its socket has yet to take.
   */
  ableSince = 0;
  /** When it was last given messages, and last acknowledged one (ms since the Unix epoch); 0: never. */
  deliveredAt = 0;
  acknowledgedAt = 0;
  /** Where the round ends in which it has taken its share, of those of its queue. */
  round = 0;
  /** Whether its queue still counts a turn that it was granted and has not taken. */
  owesGrant = false;

  constructor(
    readonly id: number,
    readonly channel: Channel,
    readonly queue: number,
    readonly node: number,
    readonly tag: Uint8Array,
    readonly noAck: boolean,
    readonly prefetch: number,
  ) {}

  /** How many messages it may take now. */
  credit(): number {
    if (this.noAck) return Number.POSITIVE_INFINITY;
    const own = this.prefetch === 0 ? Number.POSITIVE_INFINITY : this.prefetch - this.used;
    return Math.max(0, Math.min(own, this.channel.credit()));
  }
}
