/**
 * A channel whose conversation is written down. What a broker sends falls into inboxes, each of which has an order that
 * brokers keep: answers, deliveries, outcomes of publishing (returns and confirms), cancels. A scenario takes from
 * them.
 */
import type { Method, MethodOf } from '../../src/amqp/protocol.js';
import type { FieldTable } from '../../src/amqp/table.js';
import type { Fields } from '../support/methods.js';
import type { Arrival, Carried, PublishOptions, RawChannel } from '../support/raw-channel.js';
import { eventually, Inbox } from '../support/waiting.js';
import { renderArrival, renderClose } from './rendering.js';

type Outcome = Carried<'basic.return'> | MethodOf<'basic.ack'> | MethodOf<'basic.nack'>;
type Answer = Exclude<Arrival, Outcome | { name: 'basic.deliver' | 'basic.cancel' }>;

export class RecordedChannel {
  readonly #answers = new Inbox<Answer>();
  readonly #deliveries = new Inbox<Carried<'basic.deliver'>>();
  readonly #outcomes = new Inbox<Outcome>();
  readonly #cancels = new Inbox<MethodOf<'basic.cancel'>>();
  #closed = false;

  constructor(
    readonly raw: RawChannel,
    readonly note: (line: string) => void,
  ) {
    raw.watch = (arrival) => this.#sort(arrival);
    void raw.client.ended(600_000).then(() => this.#onSocketClosed());
  }

  // ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────

  send<N extends Method['name']>(name: N, fields: Fields<N> = {}): void {
    this.raw.send(name, fields);
  }

  /** Sends a method and writes its answer down: the `-ok`, or why the channel or the connection was closed. */
  async call<N extends Method['name']>(name: N, fields: Fields<N> = {}): Promise<Answer> {
    this.send(name, fields);
    return this.answer();
  }

  /** Writes the next answer down. */
  async answer(): Promise<Answer> {
    const answer = await this.#next();
    this.note(renderArrival(answer));
    return answer;
  }

  /** Sends a method that must succeed, of which nothing is told: what a scenario begins with. */
  async quietly<N extends Method['name']>(name: N, fields: Fields<N> = {}): Promise<Answer> {
    this.send(name, fields);
    const answer = await this.#next();
    if (answer.name === 'channel.close' || answer.name === 'connection.close') {
      throw new Error(`${name} was refused: ${renderClose(answer)}`);
    }
    return answer;
  }

  /** A queue that a scenario needs. */
  async queue(queue: string, args?: FieldTable, flags: Fields<'queue.declare'> = {}): Promise<string> {
    await this.quietly('queue.declare', { queue, ...(args && { arguments: args }), ...flags });
    return queue;
  }

  /** An exchange that a scenario needs. */
  async exchange(exchange: string, type: string, args?: FieldTable): Promise<string> {
    await this.quietly('exchange.declare', { exchange, type, ...(args && { arguments: args }) });
    return exchange;
  }

  async bind(exchange: string, queue: string, routingKey = '', args?: FieldTable): Promise<void> {
    await this.quietly('queue.bind', { exchange, queue, routingKey, ...(args && { arguments: args }) });
  }

  publish(exchange: string, routingKey: string, body: string, options: PublishOptions = {}): void {
    this.raw.publish(exchange, routingKey, body, options);
  }

  /** Puts messages into a queue, by a channel of its own, and waits until they are in it. */
  async fill(
    queue: string,
    messages: readonly (string | readonly [string, PublishOptions['properties']])[],
  ): Promise<void> {
    const filler = await this.raw.client.openChannel(FILLER - this.raw.number);
    await filler.call('confirm.select');
    for (const message of messages) {
      const [body, properties = {}] = typeof message === 'string' ? [message] : message;
      filler.publish('', queue, body, { properties });
    }
    for (let last = 0; last < messages.length; ) {
      const { deliveryTag, multiple } = await filler.confirms.next('a confirm');
      last = multiple ? Math.max(last, Number(deliveryTag)) : last + 1;
    }
    await filler.close();
  }

  // ── Taking ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes the next deliveries down. */
  async deliveries(count: number): Promise<Carried<'basic.deliver'>[]> {
    const deliveries = await this.#deliveries.take(count, 'deliveries');
    for (const delivery of deliveries) this.note(renderArrival(delivery));
    return deliveries;
  }

  /** Takes deliveries of which nothing is told. */
  skipDeliveries(count: number): Promise<Carried<'basic.deliver'>[]> {
    return this.#deliveries.take(count, 'deliveries');
  }

  /** Writes the next returns and confirms down, as they come. */
  async outcomes(count: number): Promise<void> {
    for (const outcome of await this.#outcomes.take(count, 'outcomes')) this.note(renderOutcome(outcome));
  }

  /**
   * Writes down what became of the first `count` publishes; brokers may settle several with one method, in any order.
   */
  async settled(count: number): Promise<void> {
    const words = await this.#settled(count);
    const sorted = [...words].sort(([a], [b]) => a - b).map(([tag, word]) => `${tag} ${word}`);
    this.note(`confirms: ${sorted.join(', ')}`);
  }

  /** Waits until the first `count` publishes are settled. */
  async settledQuietly(count: number): Promise<void> {
    await this.#settled(count);
  }

  async #settled(count: number): Promise<ReadonlyMap<number, string>> {
    const words = new Map<number, string>();
    while (words.size < count) {
      const outcome = await this.#outcomes.next(`confirms (${words.size} of ${count})`);
      if (outcome.name === 'basic.return') {
        this.note(renderArrival(outcome));
        continue;
      }
      const last = Number(outcome.deliveryTag);
      const first = outcome.multiple ? 1 : last;
      for (let tag = first; tag <= last; tag++)
        if (!words.has(tag)) words.set(tag, outcome.name.slice('basic.'.length));
    }
    return words;
  }

  /** Takes the returns and confirms that have come; nothing is told. */
  async drainOutcomes(): Promise<void> {
    await this.#outcomes.take(this.#outcomes.waiting.length, 'outcomes');
  }

  /** Writes the next return or confirm down, or why the channel was closed instead. */
  async outcomeOrFailure(): Promise<void> {
    const outcome = await this.#outcomes.next('an outcome').catch(() => this.#next());
    this.note(renderOutcome(outcome));
  }

  /** Writes down a delivery or a cancel, whichever comes. */
  async nextUnasked(): Promise<void> {
    await eventually(
      'a delivery or a cancel',
      async () => this.#deliveries.waiting.length + this.#cancels.waiting.length,
      (count) => count > 0,
    );
    if (this.#deliveries.waiting.length > 0) await this.deliveries(1);
    else await this.cancelled();
  }

  async cancelled(): Promise<void> {
    this.note(renderArrival(await this.#cancels.next('a cancel')));
  }

  /** Gets every ready message of a queue and tells of their bodies. */
  async bodies(queue: string): Promise<void> {
    const bodies: string[] = [];
    for (;;) {
      this.send('basic.get', { queue, noAck: true });
      const answer = await this.#next();
      if (!('redelivered' in answer && 'body' in answer)) {
        this.note(`bodies: ${bodies.join(' ')}${answer.name === 'basic.get-empty' ? '' : ` ${renderArrival(answer)}`}`);
        return;
      }
      bodies.push(answer.body.toString() + (answer.redelivered ? '*' : ''));
    }
  }

  /** As `bodies`, for what a channel that was just closed requeue: everything that is not settled is ready first. */
  async bodiesWhenSettled(queue: string): Promise<void> {
    await this.quietly('queue.declare', { queue, passive: true });
    await this.bodies(queue);
  }

  /** Asks until as many messages wait in a queue, and as many consumers for it, as given. */
  async until(queue: string, ready: number, consumers?: number): Promise<void> {
    await eventually(
      `${ready} messages in ${queue}`,
      async () => {
        const answer = await this.quietly('queue.declare', { queue, passive: true });
        return answer.name === 'queue.declare-ok' ? `${answer.messageCount} ${answer.consumerCount}` : answer.name;
      },
      (answer) => (consumers === undefined ? answer.startsWith(`${ready} `) : answer === `${ready} ${consumers}`),
    );
  }

  /** Asks on channels of its own until a queue is gone. */
  async untilGone(queue: string): Promise<void> {
    const { client } = this.raw;
    await eventually(
      `${queue} to go`,
      async () => {
        const probe = await client.openChannel(PROBE - this.raw.number);
        probe.send('queue.declare', { queue, passive: true });
        const gone = await probe.replies.next('the queue').then(
          () => false,
          () => true,
        );
        if (!gone) await probe.close();
        return gone;
      },
      (gone) => gone,
    );
  }

  /** Asks until the first ready message of a queue is this one, and gives it back each time. */
  async untilFirst(queue: string, body: string): Promise<void> {
    await eventually(
      `${body} to be the first of ${queue}`,
      async () => {
        const answer = await this.quietly('basic.get', { queue });
        if (answer.name !== 'basic.get-ok' || !('body' in answer)) return '';
        this.send('basic.reject', { deliveryTag: answer.deliveryTag, requeue: true });
        return answer.body.toString();
      },
      (first) => first === body,
    );
  }

  /** Waits until an unused queue is gone, by a message that cannot be routed any more: asking would be a use of it. */
  async untilExpired(queue: string, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const prober = await this.raw.client.openChannel(PROBE - this.raw.number);
    await eventually(
      `${queue} to expire`,
      async () => {
        prober.publish('', queue, 'probe', { mandatory: true });
        await prober.sync();
        await meanwhile();
        return prober.returns.waiting.length > 0;
      },
      (gone) => gone,
    );
    await prober.close();
    this.note('expired');
  }

  /** Writes down why the channel or the connection was closed. */
  async failure(): Promise<void> {
    const answer = await this.#next();
    this.note(renderArrival(answer));
  }

  /** Writes down why the channel was closed; or that it was not. */
  async syncOrFailure(): Promise<void> {
    this.send('channel.flow', { active: true });
    await this.answer();
  }

  async sync(): Promise<void> {
    await this.quietly('channel.flow', { active: true });
  }

  async closeIfOpen(): Promise<void> {
    if (!this.#closed) await this.close();
  }

  async close(): Promise<void> {
    await this.quietly('channel.close', { replyCode: 200, replyText: 'done' });
    this.#closed = true;
  }

  /** What came without being asked for is told. */
  async end(): Promise<void> {
    if (!this.#closed) await this.sync();
    const inboxes: readonly Inbox<Arrival>[] = [this.#answers, this.#deliveries, this.#outcomes, this.#cancels];
    for (const inbox of inboxes) for (const arrival of inbox.waiting) this.note(`and also: ${renderArrival(arrival)}`);
  }

  // ── Inboxes ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #next(): Promise<Answer> {
    const answer = await this.#answers.next(`an answer on channel ${this.raw.number}`);
    if (answer.name === 'channel.close' || answer.name === 'connection.close') this.#closed = true;
    return answer;
  }

  #sort(arrival: Arrival): void {
    if (arrival.name === 'channel.close') return this.#end(arrival);
    switch (arrival.name) {
      case 'basic.deliver':
        return this.#deliveries.push(arrival as Carried<'basic.deliver'>);
      case 'basic.return':
      case 'basic.ack':
      case 'basic.nack':
        return this.#outcomes.push(arrival as Outcome);
      case 'basic.cancel':
        return this.#cancels.push(arrival);
      default:
        return this.#answers.push(arrival as Answer);
    }
  }

  #onSocketClosed(): void {
    const { closing } = this.raw.client;
    if (closing === null) this.#end(new Error('the socket was closed'));
    else this.#end({ name: 'connection.close', ...closing });
  }

  /** Nothing more comes: the reason is the last answer, if the broker gave one. */
  #end(reason: Answer | Error): void {
    this.#closed = true;
    if (!(reason instanceof Error)) this.#answers.push(reason);
    const error = reason instanceof Error ? reason : new Error(renderArrival(reason));
    for (const inbox of [this.#answers, this.#deliveries, this.#outcomes, this.#cancels]) inbox.end(error);
  }
}

/** How many publishes a confirm settles depends on timing, and `requeue` means nothing in it. */
function renderOutcome(outcome: Arrival): string {
  const { name } = outcome;
  return name === 'basic.ack' || name === 'basic.nack' ? `${name} ${outcome.deliveryTag}` : renderArrival(outcome);
}

/** The numbers of the channels that `untilGone` and `fill` use are counted down from here. */
const PROBE = 2040;
const FILLER = 2000;
