/**
 * What the program and the broker say to each other over a pair of rings: AMQP, as a client by a socket speaks it, with
 * one channel. What must hold: calls are answered in the order in which they were made; whatever ends the conversation
 * rejects all that waits, once, with the reason.
 */
import { PROTOCOL_HEADER } from '../amqp/frames.js';
import type { Method, MethodName, MethodOf } from '../amqp/protocol.js';
import { table } from '../amqp/table.js';
import { RingEnd, Want } from '../platform/ring-pair.js';
import { RingTurns } from '../platform/ring-turns.js';
import { ChannelClosedError, ChannelError } from './errors.js';
import { Incoming } from './incoming.js';
import type { Message, ReturnedMessage } from './message.js';
import { CHANNEL, Outgoing } from './outgoing.js';

/** Whom a conversation tells what nobody has asked for. */
export interface Listener {
  onMessage(message: Message): void;
  onReturned(message: ReturnedMessage): void;
  onConfirm(deliveryTag: number, multiple: boolean, isTaken: boolean): void;
  /** The broker has ended a consumer. */
  onCancelled(consumerTag: string): void;
  /** Publishers wait for memory or disk, for this reason; null: not any more. */
  onBlocked(reason: string | null): void;
  /** The ring has room again for what waited. */
  onDrained(): void;
  /** It is over, for this reason; null: the program has ended it. */
  onEnd(error: Error | null): void;
}

interface Call {
  readonly ends: readonly MethodName[];
  resolve(answer: Method | Message): void;
  reject(error: Error): void;
}

/** Octets that are taken in one turn, so that the program's other work has its own. */
const PIECE = 64 * 1024;

export class Conversation {
  readonly #end: RingEnd;
  readonly #turns: RingTurns;
  readonly #listener: Listener;
  readonly #incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly #calls: Call[] = [];
  /** It is closing as soon as one side has said so. */
  #state: 'open' | 'closing' | 'closed' = 'open';
  #error: Error | null = null;
  /** Resolves when nothing comes any more and the program has ended it; else it rejects. */
  readonly over: Promise<void>;
  #setOver = (): void => {};

  constructor(rings: SharedArrayBuffer, listener: Listener) {
    this.#end = new RingEnd(rings, 0);
    this.#listener = listener;
    this.outgoing = new Outgoing(this.#end, () => this.#turns.schedule());
    this.#incoming = new Incoming({
      onMethod: (channel, method) => this.#onMethod(channel, method),
      onMessage: (message) => this.#onMessage(message),
      onReturned: (message) => listener.onReturned(message),
      onConfirm: (deliveryTag, multiple, isTaken) => listener.onConfirm(deliveryTag, multiple, isTaken),
    });
    this.over = new Promise((resolve, reject) => {
      this.#setOver = () => (this.#error === null ? resolve() : reject(this.#error));
    });
    this.#turns = new RingTurns(
      this.#end,
      () => this.#turn(),
      (error) => this.lost(asError(error)),
    );
    this.#turns.schedule();
  }

  /** Comes in as the user whom the broker knows by the rings, and opens the channel. */
  async open(vhost: string, name: string | null): Promise<void> {
    const { outgoing } = this;
    const started = this.#expect('connection.start');
    outgoing.octets(PROTOCOL_HEADER);
    outgoing.flush();
    await started;
    const { channelMax, frameMax } = await this.#ask(0, startOk(name), 'connection.tune');
    outgoing.method(0, { name: 'connection.tune-ok', channelMax, frameMax, heartbeat: 0 });
    outgoing.frameMax = frameMax;
    await this.#ask(0, { name: 'connection.open', virtualHost: vhost }, 'connection.open-ok');
    await this.#ask(CHANNEL, { name: 'channel.open' }, 'channel.open-ok');
  }

  /** Null while it goes on; then what whoever asks for something is told. */
  get failure(): Error | null {
    return this.#state === 'open' ? null : (this.#error ?? new ChannelClosedError());
  }

  /** Asks something of the channel. */
  ask<N extends MethodName>(method: Method, end: N): Promise<MethodOf<N>> {
    return this.#ask(CHANNEL, method, end);
  }

  /** Takes a message out of a queue; null: there is none. */
  async get(queue: string, noAck: boolean): Promise<Message | null> {
    const answer = await this.#call(CHANNEL, { name: 'basic.get', queue, noAck }, ['basic.get-ok', 'basic.get-empty']);
    return 'name' in answer ? null : answer;
  }

  /** Says what is not answered. */
  tell(method: Method): void {
    if (this.#state === 'open') this.outgoing.method(CHANNEL, method);
  }

  /** Leaves, behind all that was said. Resolves when that is done, or when it is over anyway. */
  close(): Promise<void> {
    if (this.#state === 'open') {
      this.#finish(null);
      this.#sayClose();
    }
    return this.over.catch(() => {});
  }

  /** Nothing is said or heard any more: there is nobody to talk to, or, null, the program wants it so. */
  lost(error: Error | null): void {
    if (this.#state === 'closed') return;
    this.#finish(error);
    this.#state = 'closed';
    this.#turns.stop();
    this.#end.leave();
    this.#setOver();
  }

  #turn(): number {
    const { outgoing } = this;
    outgoing.flush();
    if (!outgoing.isHeld) this.#listener.onDrained();
    // Looked at first: what the broker wrote before it left is read before its end.
    const isOver = this.#end.isOtherClosed;
    const length = Math.min(this.#end.readable, PIECE);
    if (length > 0) this.#read(length);
    else if (isOver) this.lost(this.#error ?? new ChannelClosedError('the broker has ended the channel'));
    return outgoing.isWaiting ? Want.OCTETS | Want.ROOM : Want.OCTETS;
  }

  #read(length: number): void {
    // Bodies stay where they come.
    const bytes = Buffer.allocUnsafeSlow(length);
    this.#end.readInto(bytes);
    this.#incoming.take(bytes);
    this.outgoing.flush();
  }

  #ask<N extends MethodName>(channel: number, method: Method, end: N): Promise<MethodOf<N>> {
    // What ends the call is what is named.
    return this.#call(channel, method, [end]) as Promise<Method> as Promise<MethodOf<N>>;
  }

  #call(channel: number, method: Method, ends: readonly MethodName[]): Promise<Method | Message> {
    const { failure } = this;
    if (failure !== null) return Promise.reject(failure);
    this.outgoing.method(channel, method);
    return this.#answer(ends);
  }

  #expect(end: MethodName): Promise<Method | Message> {
    return this.#answer([end]);
  }

  #answer(ends: readonly MethodName[]): Promise<Method | Message> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ ends, resolve, reject });
    });
  }

  #onMethod(channel: number, method: Method): void {
    switch (method.name) {
      case 'connection.close':
        this.#finish(new ChannelError(method));
        this.outgoing.method(0, { name: 'connection.close-ok' });
        break;
      case 'channel.close':
        this.#finish(new ChannelError(method));
        this.outgoing.method(channel, { name: 'channel.close-ok' });
        this.#sayClose();
        break;
      case 'connection.close-ok':
        this.lost(this.#error ?? new ChannelClosedError());
        break;
      case 'basic.cancel':
        if (this.#state === 'open') this.#listener.onCancelled(method.consumerTag);
        break;
      case 'connection.blocked':
        this.#listener.onBlocked(method.reason);
        break;
      case 'connection.unblocked':
        this.#listener.onBlocked(null);
        break;
      default:
        this.#settle(method.name, method);
    }
  }

  /** One that was asked for has no consumer. */
  #onMessage(message: Message): void {
    if (message.messageCount === null) this.#listener.onMessage(message);
    else this.#settle('basic.get-ok', message);
  }

  #settle(name: MethodName, answer: Method | Message): void {
    if (this.#calls[0]?.ends.includes(name)) this.#calls.shift()?.resolve(answer);
  }

  /** Nothing of what was asked is answered any more. */
  #finish(error: Error | null): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#error = error;
    for (const call of this.#calls.splice(0)) call.reject(error ?? new ChannelClosedError());
    this.#listener.onEnd(error);
  }

  #sayClose(): void {
    this.outgoing.method(0, { name: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
  }
}

function startOk(name: string | null): MethodOf<'connection.start-ok'> {
  return {
    name: 'connection.start-ok',
    clientProperties: table({
      product: 'Leveret channel',
      ...(name === null ? {} : { connection_name: name }),
      capabilities: {
        authentication_failure_close: true,
        'basic.nack': true,
        'connection.blocked': true,
        consumer_cancel_notify: true,
        publisher_confirms: true,
      },
    }),
    // The broker knows by the rings who this is.
    mechanism: 'EXTERNAL',
    response: new Uint8Array(),
    locale: 'en_US',
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
