/**
 * One queue, from the source to the target, over a connection to each. A message is written down, published, confirmed, and
 * only then acknowledged at the source, in the order in which it came. What must hold: what the target has not confirmed
 * stays the source's; of messages no more is in memory than `prefetch` of them, and than the target takes while one is
 * read; a queue that goes away with its last consumer is not consumed from.
 */
import type { Method } from '../amqp/protocol.js';
import { EMPTY_TABLE } from '../amqp/table.js';
import type { Connection } from '../client/connection.js';
import type { BrokerError } from '../client/errors.js';
import { type Delivered, Deliveries } from './deliveries.js';
import { Doubts, ROW_MAX, type Verdict } from './doubts.js';
import { digestOf, type Journal } from './journal.js';
import type { QueueName } from './plan.js';
import type { QueueProgress } from './progress.js';
import { withoutDeliveryCount } from './property-octets.js';
import { Republishing } from './republishing.js';

export type Ending =
  | { readonly kind: 'empty' }
  | { readonly kind: 'stopped' }
  /** The source has messages, and gives none: others hold them. */
  | { readonly kind: 'held' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface DrainJob {
  readonly queue: QueueName;
  /** It ends with its last consumer: messages are asked for one by one. */
  readonly isAutoDelete: boolean;
  /** The source puts into messages how often they came back. */
  readonly countsDeliveries: boolean;
  readonly exchange: string;
  readonly prefetch: number;
  readonly journal: Journal;
  readonly progress: QueueProgress;
}

/** A message on its way. */
interface OnItsWay {
  readonly tag: number;
  readonly number: number;
  readonly octets: number;
  readonly kind: Verdict['kind'];
  isConfirmed: boolean;
}

const TICK_MS = 100;
/** So long nothing comes before it is asked whether there is anything. */
const QUIET_TICKS = 2;
const HELD_TICKS = 100;
const GETS_MAX = 64;
const ROW_OCTETS_MAX = 16 * 1024 ** 2;
const TAG = 'leveret-migrate';

export class Drain {
  readonly #source: Connection;
  readonly #target: Connection;
  readonly #job: DrainJob;
  readonly #republishing: Republishing;
  readonly #doubts: Doubts;
  readonly #deliveries: Deliveries;
  /** In the order in which the source gave them out. */
  #onItsWay: OnItsWay[] = [];
  /** Those that are published and not confirmed, in the order of their numbers at the target. */
  #published: OnItsWay[] = [];
  #firstPublished = 1;
  /** Messages that have come in this read, or wait to be looked at together. */
  #came: Delivered[] = [];
  #cameOctets = 0;
  #quietTicks = 0;
  #heldTicks = 0;
  #isAsking = false;
  #gets = 0;
  #isDry = false;
  #isStopping = false;
  #ticker: NodeJS.Timeout | null = null;
  #end: (ending: Ending) => void = () => {};
  #fail: (error: Error) => void = () => {};
  #hasEnded = false;

  constructor(source: Connection, target: Connection, job: DrainJob) {
    this.#source = source;
    this.#target = target;
    this.#job = job;
    this.#republishing = new Republishing(job.exchange, job.queue, target.frameMax);
    this.#doubts = new Doubts(job.journal.taken);
    this.#deliveries = new Deliveries({
      onDelivered: (message) => this.#onDelivered(message),
      onMethod: (method) => this.#onMethod(method),
    });
  }

  /** Rejects with a `BrokerError` when a connection ends, or a broker refuses. */
  async run(signal: AbortSignal): Promise<Ending> {
    const { queue, exchange, prefetch, isAutoDelete } = this.#job;
    await this.#target.call({ name: 'confirm.select', nowait: false }, 'confirm.select-ok');
    const { name } = queue;
    const binding = { queue: name, exchange, routingKey: name, nowait: false, arguments: EMPTY_TABLE };
    await this.#target.call({ name: 'queue.bind', ...binding }, 'queue.bind-ok');
    await this.#source.call(
      { name: 'basic.qos', prefetchSize: 0, prefetchCount: prefetch, global: false },
      'basic.qos-ok',
    );
    const ended = new Promise<Ending>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    const failed = (error: BrokerError): void => this.#fail(error);
    this.#source.onFailed = failed;
    this.#target.onFailed = failed;
    const target = new Deliveries({ onDelivered: () => {}, onMethod: (method) => this.#onConfirm(method) });
    this.#target.receive({
      onRead: (view, from, end) => {
        const used = target.scan(view, from, end);
        this.#settle();
        return used;
      },
      onDrain: () => this.#source.resume(),
    });
    this.#source.receive({
      onRead: (view, from, end) => {
        const used = this.#deliveries.scan(view, from, end);
        this.#look(false);
        return used;
      },
      onDrain: () => {},
    });
    this.#ticker = setInterval(() => this.#onTick(), TICK_MS);
    const stop = (): void => this.#stop();
    signal.addEventListener('abort', stop);
    if (isAutoDelete) this.#get();
    else {
      const flags = { noLocal: false, noAck: false, exclusive: false, nowait: true };
      this.#source.tell({ name: 'basic.consume', queue: name, consumerTag: TAG, ...flags, arguments: EMPTY_TABLE });
    }
    if (signal.aborted) stop();
    try {
      return await ended;
    } finally {
      this.#hasEnded = true;
      clearInterval(this.#ticker);
      signal.removeEventListener('abort', stop);
      this.#job.journal.flush();
    }
  }

  // ── From the source ──────────────────────────────────────────────────────────────────────────────────────────

  #onDelivered(message: Delivered): void {
    this.#quietTicks = 0;
    this.#heldTicks = 0;
    if (this.#job.isAutoDelete) this.#gets -= 1;
    // What comes after the end was asked for goes back when the connection is closed.
    if (this.#isStopping || this.#hasEnded) return;
    const { properties } = message;
    this.#came.push(
      this.#job.countsDeliveries ? { ...message, properties: withoutDeliveryCount(properties) } : message,
    );
    this.#cameOctets += message.body.length;
  }

  #onMethod(method: Method): void {
    switch (method.name) {
      case 'basic.get-empty':
        this.#gets -= 1;
        this.#isDry = true;
        return;
      case 'queue.declare-ok':
        this.#isAsking = false;
        this.#onCount(method.messageCount);
        return;
      default:
        this.#source.onMethod(method);
    }
  }

  /** Takes what has come, unless more of it is needed to say what it is. `isAll`: no more comes for now. */
  #look(isAll: boolean): void {
    if (this.#came.length === 0) return;
    if (!this.#doubts.isEmpty && !this.#doubts.isBegun) {
      const row = this.#came.findIndex(({ isRedelivered }) => !isRedelivered);
      const isWhole = isAll || row !== -1 || this.#came.length >= Math.min(ROW_MAX, this.#job.prefetch);
      if (!isWhole && this.#cameOctets < ROW_OCTETS_MAX && !this.#isDry) return;
      const again = this.#came.slice(0, row === -1 ? ROW_MAX : Math.min(row, ROW_MAX));
      const digests = again.map((message) => this.#digestOf(message));
      this.#take(again, digests, this.#doubts.begin(digests));
      this.#came = this.#came.slice(again.length);
    }
    const came = this.#came;
    this.#came = [];
    this.#cameOctets = 0;
    const digests = came.map((message) => this.#digestOf(message));
    const verdicts = came.map(({ isRedelivered }, index): Verdict => {
      return isRedelivered ? this.#doubts.next(digests[index] ?? '') : { kind: 'new' };
    });
    this.#take(came, digests, verdicts);
    this.#settle();
    if (this.#job.isAutoDelete) this.#get();
  }

  #digestOf(message: Delivered): string {
    return digestOf(message, this.#job.countsDeliveries);
  }

  /** Writes them down, then publishes those that the target may not have. */
  #take(messages: readonly Delivered[], digests: readonly string[], verdicts: readonly Verdict[]): void {
    const { journal } = this.#job;
    const frames: Uint8Array[] = [];
    for (const [index, message] of messages.entries()) {
      const verdict = verdicts[index] ?? { kind: 'new' };
      if (!this.#republishing.fits(message)) {
        this.#end({ kind: 'refused', reason: `a message has ${message.properties.length} octets of properties` });
        return;
      }
      const known = verdict.kind === 'there' || verdict.kind === 'again' ? verdict.taken : null;
      // The target has forgotten what it knew: it was started anew.
      const isForgotten = verdict.kind === 'again' && verdict.taken.memory !== journal.memory;
      const isDoubtful = verdict.kind === 'doubtful' || isForgotten || known?.isDoubtful === true;
      const { number, taken } = journal.take(digests[index] ?? '', known, isDoubtful);
      const isThere = verdict.kind === 'there';
      const kind: Verdict['kind'] = isDoubtful && !isThere ? 'doubtful' : verdict.kind;
      const one = { tag: message.tag, number, octets: message.body.length, kind, isConfirmed: isThere };
      this.#onItsWay.push(one);
      if (isThere) continue;
      this.#published.push(one);
      frames.push(this.#republishing.frames(message, taken.id, kind === 'doubtful'));
    }
    journal.flush();
    if (frames.length > 0 && !this.#target.write(Buffer.concat(frames))) this.#source.pause();
  }

  /** Asks for as many as may be on their way. */
  #get(): void {
    const { queue, prefetch } = this.#job;
    if (this.#isDry || this.#isStopping) return;
    const most = Math.min(GETS_MAX, prefetch);
    while (this.#gets < most && this.#gets + this.#onItsWay.length < prefetch) {
      this.#gets += 1;
      this.#source.tell({ name: 'basic.get', queue: queue.name, noAck: false });
    }
  }

  // ── From the target ──────────────────────────────────────────────────────────────────────────────────────────

  #onConfirm(method: Method): void {
    switch (method.name) {
      case 'basic.ack': {
        const tag = Number(method.deliveryTag);
        const from = method.multiple ? 0 : tag - this.#firstPublished;
        for (let at = from; at <= tag - this.#firstPublished; at++) {
          const one = this.#published[at];
          if (one !== undefined) one.isConfirmed = true;
        }
        return;
      }
      case 'basic.nack':
        return this.#refuse('the target refuses messages: its queue is full (x-overflow: reject-publish)');
      case 'basic.return':
        return this.#refuse('the queue is not at the target any more');
      default:
        this.#target.onMethod(method);
    }
  }

  #refuse(reason: string): void {
    this.#isStopping = true;
    this.#end({ kind: 'refused', reason });
  }

  /** Acknowledges at the source what is at the target, as far as there is no gap. */
  #settle(): void {
    if (this.#hasEnded) return;
    let last: OnItsWay | undefined;
    let count = 0;
    const { progress, journal } = this.#job;
    for (const one of this.#onItsWay) {
      if (!one.isConfirmed) break;
      last = one;
      count += 1;
      if (one.kind === 'there') progress.repeated += 1;
      else {
        progress.moved += 1;
        progress.octets += one.octets;
        if (one.kind === 'doubtful') progress.doubtful += 1;
      }
    }
    let confirmed = 0;
    while (this.#published[confirmed]?.isConfirmed === true) confirmed += 1;
    this.#published.splice(0, confirmed);
    this.#firstPublished += confirmed;
    if (last !== undefined) {
      this.#onItsWay.splice(0, count);
      journal.acknowledge(last.number);
      journal.flush();
      this.#source.tell({ name: 'basic.ack', deliveryTag: BigInt(last.tag), multiple: true });
      if (this.#job.isAutoDelete) this.#get();
    }
    if (this.#onItsWay.length === 0 && this.#isStopping) this.#end({ kind: 'stopped' });
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#source.resume();
    this.#settle();
  }

  #onTick(): void {
    this.#quietTicks += 1;
    this.#heldTicks += 1;
    if (this.#quietTicks < QUIET_TICKS) return;
    this.#look(true);
    if (this.#onItsWay.length > 0 || this.#came.length > 0 || this.#isAsking || this.#gets > 0) return;
    this.#isAsking = true;
    const flags = { passive: true, durable: false, exclusive: false, autoDelete: false, nowait: false };
    this.#source.tell({ name: 'queue.declare', queue: this.#job.queue.name, ...flags, arguments: EMPTY_TABLE });
  }

  #onCount(ready: number): void {
    // Something has come since it was asked.
    if (this.#quietTicks < QUIET_TICKS || this.#onItsWay.length > 0 || this.#came.length > 0) return;
    if (ready === 0) return this.#end({ kind: 'empty' });
    if (this.#job.isAutoDelete) {
      this.#isDry = false;
      this.#get();
    }
    if (this.#heldTicks >= HELD_TICKS) this.#end({ kind: 'held' });
  }
}
