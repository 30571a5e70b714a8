/**
 * What can happen to an engine, as random operations, and a play of them: a publisher, and a client that consumes. What
 * it notes of each operation (what clients read, what dies, what is counted, why reads stop) is the same for engines
 * that behave alike.
 */
import fc from 'fast-check';
import { Counter, type Engine, type LogBatch, QueueCounter, type QueueFeatures } from '../../../src/engine/engine.js';
import type { Bench, Client } from './bench.js';
import { ack, nack, properties, publish } from './frames.js';
import { AT_HEAD, BLOCK, ImageShelf, type Portion } from './image-shelf.js';
import { Ledger, placesOf, written } from './log.js';

export const QUEUES = ['one', 'two', 'three'];
const OF_QUEUES = Object.values(QueueCounter);
/** Where publishes go: to one queue, to none, to all. */
const KEYS = [...QUEUES, 'nowhere', 'all'];
const EXPIRATIONS = [undefined, undefined, undefined, '0', '10', '300', 'soon'];

export type Operation =
  | {
      op: 'publish';
      key: number;
      size: number;
      count: number;
      mandatory: boolean;
      persistent: boolean;
      priority: number;
      expiration: string | undefined;
    }
  | { op: 'consume'; queue: number; noAck: boolean; prefetch: number; priority: number }
  | { op: 'cancel' | 'recover' | 'reopen' | 'reconnect' | 'sweep' | 'return' }
  | { op: 'time'; passes: number }
  | { op: 'features'; queue: number; features: Partial<QueueFeatures> }
  | { op: 'settle dead'; count: number; to: number | null }
  | { op: 'get'; queue: number; noAck: boolean }
  | { op: 'settle'; how: 'ack' | 'requeue' | 'drop'; which: number; multiple: boolean }
  | { op: 'purge'; queue: number }
  /**
   * The host takes what is recorded, hears that the oldest batch is durable, holds up publishers or lets them go on.
   */
  | { op: 'batch' | 'durable' }
  | { op: 'block'; blocked: boolean }
  /** Messages leave memory, or come back; or some do while others leave. */
  | { op: 'out'; queue: number; margin: number; portion: Portion; meanwhile: boolean }
  | { op: 'in'; queue: number };

const queue = fc.nat(QUEUES.length - 1);

/**
 * Operations with bodies of some sizes, and features of some kinds; and, where there is a log, or messages leave
 * memory, those that go with it.
 */
export function operations(
  sizes: readonly number[],
  features: fc.Arbitrary<Partial<QueueFeatures>>,
  given: { readonly log?: boolean; readonly spill?: boolean } = {},
): fc.Arbitrary<Operation[]> {
  const kinds = [{ weight: 6, arbitrary: operation(sizes, features, given.spill ? MANY : FEW) }];
  if (given.log) kinds.push({ weight: 1, arbitrary: ofTheLog });
  if (given.spill) kinds.push({ weight: 3, arbitrary: ofSpill });
  return fc.array(fc.oneof(...kinds), given.spill ? { minLength: 25, maxLength: 40 } : { minLength: 5, maxLength: 80 });
}

/** Messages published at a time: where blocks of them come and go, there must be enough for some. */
const FEW = fc.integer({ min: 1, max: 20 });
const MANY = fc.constantFrom(20, 600, 1_100, 2_500);

const ofSpill: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('out' as const),
      queue,
      margin: fc.integer({ min: AT_HEAD, max: 1 }),
      portion: fc.constantFrom(BLOCK, { least: 0, most: 20_000 }, { least: 10_000, most: 1e9 }),
      meanwhile: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('in' as const), queue }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('purge' as const), queue }) },
);

const ofTheLog: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('batch' as const, 'durable' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('block' as const), blocked: fc.boolean() }) },
);

function operation(
  sizes: readonly number[],
  features: fc.Arbitrary<Partial<QueueFeatures>>,
  count: fc.Arbitrary<number>,
): fc.Arbitrary<Operation> {
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constant('publish' as const),
        key: fc.nat(KEYS.length - 1),
        size: fc.constantFrom(...sizes),
        count,
        mandatory: fc.boolean(),
        persistent: fc.boolean(),
        priority: fc.nat(6),
        expiration: fc.constantFrom(...EXPIRATIONS),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constant('settle' as const),
        how: fc.constantFrom('ack' as const, 'requeue' as const, 'drop' as const),
        which: fc.nat(40),
        multiple: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('get' as const), queue, noAck: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant('consume' as const),
        queue,
        noAck: fc.boolean(),
        prefetch: fc.nat(8),
        priority: fc.constantFrom(0, 0, 3),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('time' as const), passes: fc.constantFrom(1, 10, 50, 400) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('features' as const), queue, features }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant('settle dead' as const), count: fc.nat(20), to: fc.option(queue) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constantFrom(
          'cancel' as const,
          'recover' as const,
          'reopen' as const,
          'reconnect' as const,
          'sweep' as const,
          'return' as const,
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('purge' as const), queue }) },
  );
}

/** A queue's number in the log. */
export function logIdOf(index: number): number {
  return (index + 1) * 256;
}

/** Which queues the log knows; null: there is no log. */
export type Logged = readonly boolean[] | null;

/** Plays a sequence on one engine: a publisher, and a client that consumes on channel 1, from one queue at a time. */
export class Play {
  readonly transcript: unknown[] = [];
  /** All that the log would hold by now, of the batches that were taken. */
  readonly ledger: Ledger;
  readonly #taken: [engine: Engine, batch: LogBatch][] = [];
  readonly #shelf: ImageShelf;
  #publisher: Client;
  /** What the publisher has sent and the engine has not taken. */
  #unread: Uint8Array = Buffer.alloc(0);
  #client: Client;
  #consumer = 0;
  #outstanding: number[] = [];
  #published = 0;
  #now = 1_000_000;

  constructor(
    readonly bench: Bench,
    first: readonly (Partial<QueueFeatures> | null)[],
    logged: Logged = null,
    spill = false,
  ) {
    this.ledger = new Ledger(!spill);
    this.#shelf = new ImageShelf(bench.coordinator);
    bench.setTime(this.#now);
    bench.routes.set('all', QUEUES);
    if (logged !== null) bench.startLog();
    for (const [i, name] of QUEUES.entries()) {
      if (logged?.[i]) bench.loggedQueue(name, logIdOf(i), i * 1_000);
      else bench.queue(name);
      const given = first[i];
      if (given) bench.setFeatures(name, given);
    }
    this.#publisher = bench.client();
    this.bench.engine().setConfirm(this.#publisher.open(1));
    this.#client = bench.client(0, 8192);
    this.#client.open(1);
  }

  step(operation: Operation): void {
    this.#do(operation);
    if (this.#unread.length > 0) this.#send();
    this.bench.serve();
    this.transcript.push(this.#publisher.received());
    for (const one of this.#client.received()) {
      this.transcript.push('body' in one ? { ...one, body: `${one.body.length} ${one.body.subarray(0, 12)}` } : one);
      if ('tag' in one && 'redelivered' in one) this.#outstanding.push(one.tag);
    }
    const engine = this.bench.engine();
    this.transcript.push(
      QUEUES.map((name) => engine.readyCount(this.bench.queue(name))),
      QUEUES.map((name) => engine.readyBytes(this.bench.queue(name))),
      QUEUES.map((name) => engine.lastGet(this.bench.queue(name))),
      engine.expiringQueues(),
      [...this.#client.stops],
      [...this.#publisher.stops],
      QUEUES.map((name) => this.bench.coordinator.spilledCount(this.bench.queue(name))),
      QUEUES.map((name) => this.bench.coordinator.presentCount(this.bench.queue(name))),
      Object.values(Counter).map((counter) => engine.counted(counter)),
      QUEUES.map((name) => OF_QUEUES.map((counter) => engine.countedAt(this.bench.queue(name), counter))),
    );
  }

  /** Takes what each participant has recorded: messages, places and what is done, as the log would hold them. */
  #takeBatches(): void {
    for (const engine of [this.bench.engine(), this.bench.coordinator]) {
      const batch = engine.takeBatch();
      if (batch === null) continue;
      const recorded = written(engine, batch);
      this.ledger.add(recorded);
      this.#taken.push([engine, batch]);
      const { messages, facts } = recorded;
      this.transcript.push(
        [batch.number, engine.gatheringBatch, batch.messages, batch.messageOctets],
        messages.map((one) => [one.id, one.arrival, one.key, one.body.length, one.body.subarray(0, 12).toString()]),
        facts.taken.map((one) => `${one.queue}:${one.position} ${one.id} ${one.time}`),
        placesOf(facts.done),
      );
    }
  }

  #reportDurable(): void {
    const [engine, batch] = this.#taken.shift() ?? [];
    if (engine !== undefined && batch !== undefined) engine.batchDone(batch);
  }

  /**
   * Ends the play: what was claimed goes back, everything is got, the dead letters are settled, and all of that is in
   * the ledger. Returns the beginnings of the bodies got from each queue that were published as persistent, in order.
   */
  end(): string[][] {
    const engine = this.bench.engine();
    this.bench.coordinator.blockPublishers(false);
    this.step({ op: 'reconnect' });
    const got = QUEUES.map((name) => this.#getAll(this.bench.queue(name)).filter((body) => body.startsWith('p')));
    for (; engine.nextDead() !== 0; engine.settleDead());
    this.#takeBatches();
    while (this.#taken.length > 0) this.#reportDurable();
    return got;
  }

  #getAll(queue: number): string[] {
    const channel = this.#client.channels.get(1) ?? 0;
    const get = (): boolean => this.bench.engine().get(channel, queue, false);
    while (get() || this.#shelf.in(queue)) this.bench.serve();
    return this.#client.bodies().map((body) => body.slice(0, 12));
  }

  #do(operation: Operation): void {
    const engine = this.bench.engine();
    const channel = this.#client.channels.get(1) ?? 0;
    switch (operation.op) {
      case 'publish':
        return this.#publish(operation);
      case 'consume':
        if (this.#consumer !== 0) return;
        this.#consumer = this.#client.consume(1, QUEUES[operation.queue] ?? '', operation);
        return;
      case 'cancel':
        if (this.#consumer !== 0) engine.cancelConsumer(this.#consumer);
        this.#consumer = 0;
        return;
      case 'recover':
        return engine.recover(channel);
      case 'return':
        if (this.#consumer === 0) return;
        this.transcript.push(engine.oldestUnacked(this.#consumer));
        return engine.requeueDeliveries(this.#consumer);
      case 'time':
        this.#now += operation.passes;
        return this.bench.setTime(this.#now);
      case 'sweep':
        return this.bench.sweep();
      case 'features':
        this.bench.setFeatures(QUEUES[operation.queue] ?? '', operation.features);
        return;
      case 'settle dead':
        return this.#settleDead(operation.count, operation.to);
      case 'get':
        this.transcript.push(
          engine.outputIdle(this.#client.core) &&
            engine.get(channel, this.bench.queue(QUEUES[operation.queue] ?? ''), operation.noAck),
        );
        return;
      case 'settle':
        return this.#settle(operation.how, operation.which, operation.multiple);
      case 'purge':
        return this.#purge(this.bench.queue(QUEUES[operation.queue] ?? ''));
      case 'out':
        return this.#sendAway(this.bench.queue(QUEUES[operation.queue] ?? ''), operation);
      case 'in':
        this.transcript.push(this.#shelf.in(this.bench.queue(QUEUES[operation.queue] ?? '')));
        return;
      case 'batch':
        return this.#takeBatches();
      case 'durable':
        return this.#reportDurable();
      case 'block':
        return this.bench.coordinator.blockPublishers(operation.blocked);
      case 'reopen':
        engine.closeChannel(channel);
        engine.freeChannel(channel);
        this.#client.open(1);
        return this.#forget();
      case 'reconnect':
        this.#client.close();
        this.#client = this.bench.client(0, 4096);
        this.#client.open(1);
        return this.#forget();
    }
  }

  /** All that may leave does; then what comes back meanwhile stays. */
  #sendAway(queue: number, { margin, portion, meanwhile }: Operation & { op: 'out' }): void {
    const back = (): void => {
      if (meanwhile) this.transcript.push(this.#shelf.in(queue));
    };
    for (let left = 10; left > 0 && this.#shelf.out(queue, margin, back, portion); left--) {
      this.transcript.push(this.#shelf.images(queue).at(-1)?.length);
    }
  }

  #purge(queue: number): void {
    this.transcript.push(this.bench.coordinator.purge(queue));
    if (this.bench.coordinator.spilledCount(queue) === 0) this.#shelf.forget(queue);
  }

  #forget(): void {
    this.#consumer = 0;
    this.#outstanding = [];
  }

  #publish(operation: Operation & { op: 'publish' }): void {
    const { key, size, count, mandatory, persistent, priority, expiration } = operation;
    const given = { persistent, priority, ...(expiration === undefined ? {} : { expiration }) };
    const read: Buffer[] = [];
    for (let i = 0; i < (size > 1_000 ? 1 : count); i++) {
      this.#published += 1;
      const body = Buffer.alloc(size, `${persistent ? 'p' : 't'}${this.#published} `);
      const options = { mandatory, frameBody: 100_000, properties: properties(given) };
      read.push(publish(1, KEYS[key] ?? '', body, options));
    }
    this.#unread = Buffer.concat([this.#unread, ...read]);
    this.#send();
  }

  #send(): void {
    this.#unread = this.#publisher.offer(this.#unread, 50_021);
    this.transcript.push(this.#unread.length);
  }

  /** Settles some of the dead letters, or first publishes them anew. */
  #settleDead(count: number, to: number | null): void {
    const engine = this.bench.engine();
    for (let i = 0; i < count; i++) {
      const dead = engine.nextDead();
      if (dead === 0) return;
      const body = engine.messageBody(dead);
      const start = Buffer.from(body.subarray(0, 12)).toString();
      this.transcript.push([start, body.length, this.bench.nameOf(engine.deadQueue), engine.deadReason]);
      const queues = to === null ? [] : [this.bench.queue(QUEUES[to] ?? '')];
      engine.republish(dead, engine.messageKey(dead), engine.messageHeader(dead), queues);
      engine.settleDead();
    }
  }

  /** Settles one of the tags that were seen, or one that never was: then both engines must refuse. */
  #settle(how: 'ack' | 'requeue' | 'drop', which: number, multiple: boolean): void {
    const tag = this.#outstanding[which % (this.#outstanding.length + 1)] ?? which + 1_000_000;
    this.#client.feed(how === 'ack' ? ack(1, tag, multiple) : nack(1, tag, multiple, how === 'requeue'));
    if (!multiple) this.#outstanding = this.#outstanding.filter((one) => one !== tag);
  }
}
