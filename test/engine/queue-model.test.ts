/**
 * Any history of a queue with features is the one that a simple model has: what is delivered, in which order, what
 * dies, of what, and what is refused.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Overflow, type QueueFeatures } from '../../src/engine/engine.js';
import { Bench, type Client, ENGINES } from './support/bench.js';
import { ack, nack, properties, publish } from './support/frames.js';
import { ModelQueue } from './support/model.js';
import { text } from './support/scenario.js';

type Step =
  | { step: 'publish'; messages: { size: number; priority: number; expiration: number | null }[] }
  | { step: 'get'; count: number }
  | { step: 'settle'; how: 'ack' | 'reject' | 'requeue'; which: number }
  | { step: 'time'; passes: number }
  | { step: 'sweep' | 'purge' };

const message = fc.record({
  size: fc.nat(12),
  priority: fc.nat(12),
  expiration: fc.option(fc.constantFrom(0, 5, 30, 100), { freq: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ step: fc.constant('publish' as const), messages: fc.array(message, { maxLength: 12 }) }),
  },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('get' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('settle' as const),
      how: fc.constantFrom('ack' as const, 'reject' as const, 'requeue' as const),
      which: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('time' as const), passes: fc.constantFrom(1, 4, 6, 40) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('sweep' as const, 'purge' as const) }) },
);
const none = fc.constant(null);
const plain = {
  ttl: none,
  maxLength: none,
  maxBytes: none,
  overflow: fc.constant(Overflow.DROP_HEAD),
  deadLetters: fc.constant(true),
  maxPriority: fc.constant(0),
  deliveryLimit: none,
  deliveryCount: fc.constant(false),
};
const ttl = fc.option(fc.constantFrom(0, 10, 50));
const length = {
  maxLength: fc.option(fc.nat(8)),
  maxBytes: fc.option(fc.nat(60)),
  overflow: fc.constantFrom(Overflow.DROP_HEAD, Overflow.REJECT_PUBLISH, Overflow.REJECT_PUBLISH_DLX),
};
const maxPriority = fc.constantFrom(0, 1, 5, 10, 255);
const deliveryLimit = fc.option(fc.nat(3));

const KINDS: [name: string, features: fc.Arbitrary<QueueFeatures>][] = [
  ['a time to live', fc.record({ ...plain, ttl })],
  ['a greatest length', fc.record({ ...plain, ...length })],
  ['dead letters and a delivery limit', fc.record({ ...plain, deadLetters: fc.boolean(), deliveryLimit })],
  ['priorities', fc.record({ ...plain, maxPriority })],
  [
    'all features at once',
    fc.record({
      ...plain,
      ...length,
      ttl,
      maxPriority,
      deliveryLimit,
      deadLetters: fc.boolean(),
      deliveryCount: fc.boolean(),
    }),
  ],
];

/** One queue in an engine and its model, side by side. */
class Pair {
  readonly #bench: Bench;
  readonly #model: ModelQueue;
  readonly #publisher: Client;
  readonly #client: Client;
  readonly #queue: number;
  #number = 0;

  constructor(bench: Bench, features: QueueFeatures) {
    this.#bench = bench;
    this.#queue = bench.setFeatures('q', features);
    this.#model = new ModelQueue('q', features);
    this.#publisher = bench.client();
    bench.engine().setConfirm(this.#publisher.open(1));
    this.#client = bench.client();
    this.#client.open(1);
    this.#pass(1_000_000);
  }

  play(step: Step): void {
    this.#do(step);
    const engine = this.#bench.engine();
    expect(engine.readyCount(this.#queue)).toBe(this.#model.length);
    expect(engine.readyBytes(this.#queue)).toBe(this.#model.bytes);
    expect(this.#bench.dead()).toEqual(this.#model.dead.splice(0));
  }

  #do(step: Step): void {
    switch (step.step) {
      case 'publish':
        return this.#publish(step.messages);
      case 'get':
        for (let i = 0; i < step.count; i++) this.#get();
        return;
      case 'settle':
        return this.#settle(step.how, step.which);
      case 'time':
        return this.#pass(step.passes);
      case 'sweep':
        this.#model.sweep();
        return this.#bench.sweep();
      case 'purge':
        expect(this.#bench.engine().purge(this.#queue)).toBe(this.#model.purge());
    }
  }

  #pass(ms: number): void {
    this.#model.now += ms;
    this.#bench.setTime(this.#model.now);
  }

  #publish(messages: readonly { size: number; priority: number; expiration: number | null }[]): void {
    const refused: number[] = [];
    const frames = messages.map(({ size, priority, expiration }) => {
      const body = `${++this.#number}`.padEnd(size, '.');
      if (!this.#model.publish(body, priority, expiration)) refused.push(this.#number);
      const given = properties({ priority, ...(expiration === null ? {} : { expiration: `${expiration}` }) });
      return publish(1, 'q', text(body), { properties: given });
    });
    this.#publisher.feed(Buffer.concat(frames));
    this.#bench.serve();
    expect(this.#answered(this.#publisher)).toEqual({ refused, upTo: messages.length > 0 ? this.#number : 0 });
  }

  /** Which publishes were refused, and the highest that was answered. */
  #answered(publisher: Client): { refused: number[]; upTo: number } {
    const answers = publisher
      .received()
      .flatMap((one) => (one.kind === 'confirm' || one.kind === 'refusal' ? [one] : []));
    const refused = answers.filter((one) => one.kind === 'refusal').map((one) => one.tag);
    return { refused, upTo: answers.at(-1)?.tag ?? 0 };
  }

  #get(): void {
    const engine = this.#bench.engine();
    const wanted = this.#model.get();
    expect(engine.get(this.#client.channels.get(1) ?? 0, this.#queue, false)).toBe(wanted !== null);
    this.#bench.serve();
    const got = this.#client
      .received()
      .map((one) => (one.kind === 'got' ? { ...one, body: one.body.toString() } : one));
    if (wanted === null) expect(got).toEqual([]);
    else {
      const { tag, entry } = wanted;
      const remaining = this.#model.length;
      const redelivered = entry.requeues > 0;
      expect(got).toEqual([{ kind: 'got', channel: 1, tag, redelivered, remaining, body: entry.body }]);
    }
  }

  #settle(how: 'ack' | 'reject' | 'requeue', which: number): void {
    const tags = [...this.#model.unacked.keys()];
    const tag = tags[which % tags.length];
    if (tag === undefined) return;
    if (how === 'ack') this.#model.ack(tag);
    else if (how === 'reject') this.#model.reject(tag);
    else this.#model.requeue(tag);
    this.#client.feed(how === 'ack' ? ack(1, tag) : nack(1, tag, false, how === 'requeue'));
  }
}

describe.each(ENGINES)('%s', (kind) => {
  test.each(KINDS)('a queue with %s does what the model does', async (_name, features) => {
    const histories = fc.asyncProperty(
      features,
      fc.array(step, { minLength: 5, maxLength: 60 }),
      async (given, steps) => {
        const pair = new Pair(await Bench.open(kind, { mebibytes: 16 }), given);
        for (const one of steps) pair.play(one);
      },
    );
    await fc.assert(histories, { numRuns: Number(process.env.LEVERET_RUNS ?? 60) });
  });
});
