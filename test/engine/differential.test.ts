/** One random sequence of operations, both engines: what clients read, what is counted and why reads stop must be equal. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from './support/bench.js';
import { ack, nack, publish } from './support/frames.js';

const QUEUES = ['one', 'two', 'three'];
const SIZES = [0, 1, 16, 1_000, 131_064, 131_065, 300_000];

type Operation =
  | { op: 'publish'; key: number; size: number; count: number; mandatory: boolean }
  | { op: 'consume'; queue: number; noAck: boolean; prefetch: number }
  | { op: 'cancel' | 'recover' | 'reopen' | 'reconnect' }
  | { op: 'get'; queue: number; noAck: boolean }
  | { op: 'settle'; how: 'ack' | 'requeue' | 'drop'; which: number; multiple: boolean }
  | { op: 'purge'; queue: number };

const queue = fc.nat(QUEUES.length - 1);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('publish' as const),
      key: fc.nat(QUEUES.length),
      size: fc.nat(SIZES.length - 1),
      count: fc.integer({ min: 1, max: 20 }),
      mandatory: fc.boolean(),
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
    arbitrary: fc.record({ op: fc.constant('consume' as const), queue, noAck: fc.boolean(), prefetch: fc.nat(8) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('cancel' as const, 'recover' as const, 'reopen' as const, 'reconnect' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('purge' as const), queue }) },
);

/** Plays a sequence on one engine: a publisher, and a client that consumes on channel 1, from one queue at a time. */
class Play {
  readonly transcript: unknown[] = [];
  #publisher: Client;
  #client: Client;
  #consumer = 0;
  #outstanding: number[] = [];
  #published = 0;

  constructor(readonly bench: Bench) {
    for (const name of QUEUES) bench.queue(name);
    this.#publisher = bench.client();
    this.bench.engine().setConfirm(this.#publisher.open(1));
    this.#client = bench.client(0, 8192);
    this.#client.open(1);
  }

  step(operation: Operation): void {
    this.#do(operation);
    this.bench.serve();
    this.transcript.push(this.#publisher.received());
    for (const one of this.#client.received()) {
      this.transcript.push('body' in one ? { ...one, body: `${one.body.length} ${one.body.subarray(0, 12)}` } : one);
      if ('tag' in one && 'redelivered' in one) this.#outstanding.push(one.tag);
    }
    const engine = this.bench.engine();
    this.transcript.push(
      QUEUES.map((name) => engine.readyCount(this.bench.queue(name))),
      [...this.#client.stops],
    );
  }

  #do(operation: Operation): void {
    const engine = this.bench.engine();
    const channel = this.#client.channels.get(1) ?? 0;
    switch (operation.op) {
      case 'publish':
        return this.#publish(operation.key, SIZES[operation.size] ?? 0, operation.count, operation.mandatory);
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
      case 'get':
        this.transcript.push(
          engine.outputIdle(this.#client.core) &&
            engine.get(channel, this.bench.queue(QUEUES[operation.queue] ?? ''), operation.noAck),
        );
        return;
      case 'settle':
        return this.#settle(operation.how, operation.which, operation.multiple);
      case 'purge':
        this.transcript.push(engine.purge(this.bench.queue(QUEUES[operation.queue] ?? '')));
        return;
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

  #forget(): void {
    this.#consumer = 0;
    this.#outstanding = [];
  }

  #publish(key: number, size: number, count: number, mandatory: boolean): void {
    const read: Buffer[] = [];
    for (let i = 0; i < (size > 1_000 ? 1 : count); i++) {
      this.#published += 1;
      const body = Buffer.alloc(size, `${this.#published} `);
      read.push(publish(1, QUEUES[key] ?? 'nowhere', body, { mandatory, frameBody: 100_000 }));
    }
    this.transcript.push(this.#publisher.feed(Buffer.concat(read), 50_021));
  }

  /** Settles one of the tags that were seen, or one that never was: then both engines must refuse. */
  #settle(how: 'ack' | 'requeue' | 'drop', which: number, multiple: boolean): void {
    const tag = this.#outstanding[which % (this.#outstanding.length + 1)] ?? which + 1_000_000;
    this.#client.feed(how === 'ack' ? ack(1, tag, multiple) : nack(1, tag, multiple, how === 'requeue'));
    if (!multiple) this.#outstanding = this.#outstanding.filter((one) => one !== tag);
  }
}

test('any sequence of operations is answered alike by both engines', { timeout: 120_000 }, async () => {
  const sequences = fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 80 }), async (operations) => {
    const [first, second] = await Promise.all(
      ENGINES.map(async (kind) => new Play(await Bench.open(kind, { mebibytes: 64 }))),
    );
    if (first === undefined || second === undefined) throw new Error('two engines are compared');
    for (const operation of operations) {
      first.step(operation);
      second.step(operation);
      expect(second.transcript).toEqual(first.transcript);
      first.transcript.length = 0;
      second.transcript.length = 0;
    }
  });
  await fc.assert(sequences, { numRuns: 150 });
});
