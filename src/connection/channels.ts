/**
 * The channels of one connection, by number: opens and closes them, and hands each its methods. What must hold: a
 * channel that the broker has closed keeps its number until the client has said close-ok.
 */
import { type AmqpError, connectionError, replyCode } from '../amqp/errors.js';
import { FrameType } from '../amqp/frames.js';
import type { ClientMethod } from '../amqp/protocol.js';
import { Content, Counter } from '../engine/engine.js';
import { Channel } from './channel.js';
import { clientMethod, isChannelMethod, unimplemented } from './client-method.js';
import { failure, reasonOf } from './errors/errors.js';
import { misplacedFrame } from './errors/frame-fault.js';
import { channelClosedHeaders, channelHeaders } from './events/client-events.js';
import type { Depth, Row } from './inspection/rows.js';
import type { PendingRequests } from './session/pending-requests.js';
import type { Session } from './session/session.js';
import type { Outcome } from './transport/reader.js';

export class Channels {
  readonly #session: Session;
  readonly #requests: PendingRequests;
  readonly #channels = new Map<number, Channel>();

  constructor(session: Session, requests: PendingRequests) {
    this.#session = session;
    this.#requests = requests;
  }

  get(number: number): Channel | undefined {
    return this.#channels.get(number);
  }

  get count(): number {
    return this.#channels.size;
  }

  /** Adds what all have counted to sums, a step for each: there may be thousands. */
  *addCounts(sums: number[]): Generator<null> {
    for (const channel of this.#channels.values()) {
      channel.addCounts(sums);
      yield null;
    }
  }

  *rows(depth: Depth): Generator<Row> {
    for (const channel of this.#channels.values()) yield* channel.rows(depth);
  }

  /** The method that a frame carries, where the channel expects one. */
  methodIn(type: number, number: number, payload: Uint8Array): ClientMethod {
    const channel = this.#channels.get(number);
    const expected = channel === undefined ? Content.NONE : this.#session.host.engine.contentState(channel.core);
    if (type !== FrameType.METHOD || expected !== Content.NONE)
      throw misplacedFrame(type, number, payload, expected, this.#session.host.limits.maxMessageSize);
    return clientMethod(payload);
  }

  /** `channelMax`: how many there may be. */
  handle(number: number, method: ClientMethod, channelMax: number): Outcome {
    const channel = this.#channels.get(number);
    if (channel === undefined) return this.#open(number, method, channelMax);
    switch (method.name) {
      case 'channel.open':
        throw failure(method, replyCode.CHANNEL_ERROR, "second 'channel.open' seen");
      case 'channel.close':
        return this.#close(channel);
      case 'channel.close-ok':
        // Without a close of ours there is nothing to say to it.
        if (channel.closing) this.#free(channel);
        return undefined;
    }
    if (!isChannelMethod(method)) throw unimplemented(method);
    return channel.handle(method);
  }

  /** Closes a channel for what its client did wrong. */
  async refuse(channel: Channel, error: AmqpError): Promise<void> {
    if (channel.closing) return;
    await this.#end(channel);
    this.#session.send(channel.number, { name: 'channel.close', ...reasonOf(error) });
  }

  /** Time has passed. `now` is the clock's `elapsed`. `fail` hears of each channel that fails by that. */
  tick(now: number, fail: (channel: number, error: unknown) => void): void {
    for (const channel of this.#channels.values()) {
      try {
        channel.tick(now);
      } catch (error) {
        fail(channel.number, error);
      }
    }
  }

  /** The worker's limits are others from now on. */
  limitsChanged(): void {
    const { engine, limits } = this.#session.host;
    for (const { core } of this.#channels.values()) engine.setUnackedMax(core, limits.unackedMaxPerChannel);
  }

  /** Rights have been taken away: consumers that may no longer read their queue are cancelled. */
  recheckRights(): void {
    for (const channel of this.#channels.values()) channel.recheckRights();
  }

  /** Ends all of them, in the core and for their clients; the coordinator is told by whoever ends the connection. */
  abandon(): void {
    for (const channel of this.#channels.values()) {
      const wasOpen = !channel.closing;
      channel.abandon();
      if (wasOpen) this.#tellOfEnd(channel);
    }
  }

  clear(): void {
    this.#session.host.engine.count(Counter.CHANNELS_CLOSED, this.#channels.size);
    this.#channels.clear();
  }

  #open(number: number, method: ClientMethod, channelMax: number): Outcome {
    if (method.name !== 'channel.open') throw failure(method, replyCode.CHANNEL_ERROR, "expected 'channel.open'");
    const open = this.#channels.size;
    if (open >= channelMax) {
      const explanation = `number of channels opened (${open}) has reached the negotiated channel_max (${channelMax})`;
      // RabbitMQ refuses the channel before it looks at the method.
      throw connectionError(replyCode.NOT_ALLOWED, explanation);
    }
    return this.#session.ask(method.name, { op: 'channel.open' }).then(() => this.#add(number, method));
  }

  #add(number: number, method: ClientMethod): void {
    const core = this.#session.host.engine.openChannel(this.#session.core, number);
    if (core === 0) throw failure(method, replyCode.RESOURCE_ERROR, 'no memory for a channel');
    const { engine, limits } = this.#session.host;
    engine.setUnackedMax(core, limits.unackedMaxPerChannel);
    engine.count(Counter.CHANNELS_OPENED, 1);
    this.#channels.set(number, new Channel(this.#session, number, core));
    this.#session.host.announce('channel.created', () => channelHeaders(this.#session, number));
    this.#session.send(number, { name: 'channel.open-ok' });
  }

  async #close(channel: Channel): Promise<void> {
    // Both sides closing at once: the client's close is answered, its answer to ours is still due.
    if (!channel.closing) {
      await this.#end(channel);
      this.#free(channel);
    }
    this.#session.send(channel.number, { name: 'channel.close-ok' });
  }

  /**
   * Ends a channel's work, and what it waits for. While a purge of another channel waits, the coordinator's answers do,
   * and are not waited for here.
   */
  async #end(channel: Channel): Promise<void> {
    this.#requests.leaveChannel(channel.number);
    this.#session.host.syncTopology();
    const known = channel.close('channel.close');
    this.#tellOfEnd(channel);
    if (!this.#requests.ahead.holdsAnswers) await known;
  }

  #tellOfEnd({ number }: Channel): void {
    this.#session.host.announce('channel.closed', () => channelClosedHeaders(this.#session, number));
  }

  #free(channel: Channel): void {
    const { engine } = this.#session.host;
    engine.freeChannel(channel.core);
    engine.count(Counter.CHANNELS_CLOSED, 1);
    this.#channels.delete(channel.number);
    this.#session.tell({ op: 'channel.close' });
  }
}
