/**
 * One channel of a raw client: what arrives on it, sorted into what answers a call and what comes on its own.
 */
import { encodeContent, encodeMethod } from '../../src/amqp/frames.js';
import type { ContentHeader, Properties } from '../../src/amqp/properties.js';
import type { Method, MethodOf } from '../../src/amqp/protocol.js';
import { build, type Closing, type Fields } from './methods.js';
import type { RawClient } from './raw-client.js';
import { deferred, Inbox, within } from './waiting.js';

/** A method that brings a message, with the message. */
export type Carried<N extends 'basic.deliver' | 'basic.return' | 'basic.get-ok'> = MethodOf<N> & {
  readonly properties: Properties;
  readonly body: Buffer;
};

type Confirm = MethodOf<'basic.ack'> | MethodOf<'basic.nack'>;

/** Whatever came: a method, with its message when it brings one. */
export type Arrival = Method | Carried<'basic.deliver'> | Carried<'basic.return'> | Carried<'basic.get-ok'>;

export interface PublishOptions {
  readonly mandatory?: boolean;
  readonly immediate?: boolean;
  readonly properties?: Properties;
}

export class RawChannel {
  readonly replies = new Inbox<Method>();
  readonly gets = new Inbox<Carried<'basic.get-ok'>>();
  readonly deliveries = new Inbox<Carried<'basic.deliver'>>();
  readonly returns = new Inbox<Carried<'basic.return'>>();
  readonly confirms = new Inbox<Confirm>();
  /** Consumers that the broker cancelled. */
  readonly cancels = new Inbox<string>();
  /** Names of all methods that came, in order. */
  readonly log: string[] = [];
  /** Told of everything that comes, in order and whole. */
  watch: (arrival: Arrival) => void = () => {};
  /** Whether the test itself answers the broker's close. */
  deferCloseOk = false;
  /** Octets of the longest frame that came. */
  longestFrame = 0;
  readonly #closing = deferred<Closing>();
  #content: { method: Method; header: ContentHeader | null; body: Uint8Array[]; missing: number } | null = null;

  constructor(
    readonly client: RawClient,
    readonly number: number,
  ) {}

  // ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────

  send<N extends Method['name']>(name: N, fields: Fields<N> = {}): void {
    this.client.write(encodeMethod(this.number, build(name, fields)));
  }

  /** Sends a method and takes its answer: the `-ok`. */
  async call<N extends Method['name']>(
    name: N,
    fields: Fields<N> = {},
  ): Promise<MethodOf<Extract<`${N}-ok`, Method['name']>>> {
    this.send(name, fields);
    return this.expect(`${name}-ok` as Extract<`${N}-ok`, Method['name']>);
  }

  publish(exchange: string, routingKey: string, body: string | Uint8Array, options: PublishOptions = {}): void {
    const { properties = {}, ...flags } = options;
    const method = encodeMethod(this.number, build('basic.publish', { exchange, routingKey, ...flags }));
    const octets = typeof body === 'string' ? Buffer.from(body) : body;
    this.client.write(method);
    this.client.write(encodeContent(this.number, properties, octets, this.client.frameMax));
  }

  // ── What comes back ──────────────────────────────────────────────────────────────────────────────────────────

  async expect<N extends Method['name']>(name: N): Promise<MethodOf<N>> {
    const method = await this.replies.next(`${name} on channel ${this.number}`);
    if (method.name !== name) throw new Error(`expected ${name}, got ${method.name}`);
    return method as MethodOf<N>;
  }

  /** The next message of the queue, or null when it is empty. */
  async get(queue: string, noAck = false): Promise<Carried<'basic.get-ok'> | null> {
    this.send('basic.get', { queue, noAck });
    const reply = await this.replies.next('the answer to basic.get');
    if (reply.name === 'basic.get-empty') return null;
    if (reply.name !== 'basic.get-ok') throw new Error(`expected basic.get-ok, got ${reply.name}`);
    return this.gets.next('the message of basic.get-ok');
  }

  /** Consumes from a queue; returns the consumer tag. */
  async consume(queue: string, fields: Fields<'basic.consume'> = {}): Promise<string> {
    const reply = await this.call('basic.consume', { queue, ...fields });
    return reply.consumerTag;
  }

  /** The next `count` deliveries. */
  deliver(count: number): Promise<Carried<'basic.deliver'>[]> {
    return this.deliveries.take(count, 'deliveries');
  }

  /** Why the broker closed this channel. */
  failure(): Promise<Closing> {
    return within(
      10_000,
      `the broker to close channel ${this.number}`,
      this.#closing.promise,
      () => `seen: ${this.log}`,
    );
  }

  /** A queue's counts: its ready messages and its consumers. Also a round trip through the queue. */
  async counts(queue: string): Promise<{ ready: number; consumers: number }> {
    const reply = await this.call('queue.declare', { queue, passive: true });
    return { ready: reply.messageCount, consumers: reply.consumerCount };
  }

  /** A round trip: what the broker had to say on this channel before it, has been said. */
  async sync(): Promise<void> {
    await this.call('channel.flow', { active: true });
  }

  async close(): Promise<void> {
    await this.call('channel.close', { replyCode: 200, replyText: 'done' });
  }

  // ── Frames, as the client hands them over ────────────────────────────────────────────────────────────────────

  onMethod(method: Method): void {
    this.log.push(method.name);
    if (!bringsContent(method)) this.watch(method);
    if (bringsContent(method)) {
      this.#content = { method, header: null, body: [], missing: 0 };
      if (method.name === 'basic.get-ok') this.replies.push(method);
    } else if (method.name === 'basic.ack' || method.name === 'basic.nack') {
      this.confirms.push(method);
    } else if (method.name === 'basic.cancel') {
      this.cancels.push(method.consumerTag);
    } else if (method.name === 'channel.close') {
      const { name: _, ...closing } = method;
      if (!this.deferCloseOk) this.send('channel.close-ok');
      this.#closing.resolve(closing);
      this.end(new Error(`the broker closed the channel: ${closing.replyText}`));
    } else {
      this.replies.push(method);
    }
  }

  onHeader(header: ContentHeader): void {
    if (this.#content === null) throw new Error('a content header without its method');
    this.#content.header = header;
    this.#content.missing = header.bodySize;
    this.#completeContent();
  }

  onBody(payload: Uint8Array): void {
    if (this.#content?.header == null) throw new Error('a body without its header');
    this.#content.body.push(payload);
    this.#content.missing -= payload.length;
    this.#completeContent();
  }

  end(reason: Error): void {
    this.#closing.reject(reason);
    for (const inbox of [this.replies, this.gets, this.deliveries, this.returns, this.confirms, this.cancels]) {
      inbox.end(reason);
    }
  }

  #completeContent(): void {
    const content = this.#content;
    if (content?.header == null || content.missing > 0) return;
    this.#content = null;
    const carried = { properties: content.header.properties, body: Buffer.concat(content.body) };
    const { method } = content;
    if (bringsContent(method)) this.watch({ ...method, ...carried });
    if (method.name === 'basic.deliver') this.deliveries.push({ ...method, ...carried });
    if (method.name === 'basic.return') this.returns.push({ ...method, ...carried });
    if (method.name === 'basic.get-ok') this.gets.push({ ...method, ...carried });
  }
}

type Bringing = Extract<Method, { name: 'basic.deliver' | 'basic.return' | 'basic.get-ok' }>;

function bringsContent(method: Method): method is Bringing {
  return method.name === 'basic.deliver' || method.name === 'basic.return' || method.name === 'basic.get-ok';
}

/** The bodies of messages as text. */
export function bodies(messages: readonly { readonly body: Buffer }[]): string[] {
  return messages.map((message) => message.body.toString());
}
