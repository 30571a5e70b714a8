/** Any history of a queue whose messages leave memory and come back is the one that it would have without. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { AT_HEAD, BLOCK, ImageShelf, type Portion } from '../support/image-shelf.js';

const PORTION = 512 * 1024;

type Step =
  | { step: 'publish'; count: number; size: number }
  | { step: 'get'; count: number }
  | { step: 'settle'; how: 'ack' | 'requeue'; which: number; count: number }
  | { step: 'out'; margin: number; portion: Portion; meanwhile: boolean }
  | { step: 'in' | 'purge' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 1200 }),
      size: fc.constantFrom(0, 0, 10, 300),
    }),
  },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('get' as const), count: fc.integer({ min: 1, max: 700 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constant('settle' as const),
      how: fc.constantFrom('ack' as const, 'requeue' as const),
      which: fc.nat(2000),
      count: fc.integer({ min: 1, max: 600 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('out' as const),
      margin: fc.integer({ min: AT_HEAD, max: 2 }),
      portion: fc.constantFrom(BLOCK, { least: 0, most: 10_000 }, { least: 0, most: 1e9 }),
      meanwhile: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('in' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('purge' as const) }) },
);

interface Entry {
  readonly number: number;
  redelivered: boolean;
}

/** One queue in an engine and its model, side by side. */
class Pair {
  readonly #bench: Bench;
  readonly #shelf: ImageShelf;
  readonly #publisher: Client;
  readonly #client: Client;
  readonly #queue: number;
  #ready: Entry[] = [];
  readonly #unacked = new Map<number, Entry>();
  #published = 0;
  #tags = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#queue = bench.queue('q');
    this.#shelf = new ImageShelf(bench.coordinator, PORTION);
    this.#publisher = bench.client();
    this.#publisher.open(1);
    this.#client = bench.client();
    this.#client.open(1);
  }

  play(step: Step): void {
    this.#do(step);
    expect(this.#bench.engine().readyCount(this.#queue)).toBe(this.#ready.length);
  }

  /** Everything comes back and is consumed. */
  end(): void {
    while (this.#unacked.size > 0) this.#settle('requeue', 0, 1);
    while (this.#ready.length > 0) this.#get();
    expect(this.#shelf.in(this.#queue)).toBe(false);
  }

  #do(step: Step): void {
    switch (step.step) {
      case 'publish': {
        const frames: Buffer[] = [];
        for (let i = 0; i < step.count; i++) {
          const number = this.#published++;
          frames.push(
            publish(1, 'q', Buffer.from(`${number} `.padEnd(step.size, '.')), { properties: properties({}) }),
          );
          this.#ready.push({ number, redelivered: false });
        }
        this.#publisher.feed(Buffer.concat(frames));
        return;
      }
      case 'get':
        for (let i = 0; i < step.count; i++) this.#get();
        return;
      case 'settle':
        return this.#settle(step.how, step.which, step.count);
      case 'out':
        this.#shelf.out(this.#queue, step.margin, () => step.meanwhile && this.#shelf.in(this.#queue), step.portion);
        return;
      case 'in':
        this.#shelf.in(this.#queue);
        return;
      case 'purge':
        expect(this.#bench.coordinator.purge(this.#queue)).toBe(this.#ready.splice(0).length);
        this.#shelf.forget(this.#queue);
    }
  }

  #get(): void {
    const engine = this.#bench.engine();
    const channel = this.#client.channels.get(1) ?? 0;
    const wanted = this.#ready.shift();
    let found = engine.get(channel, this.#queue, false);
    if (!found && wanted !== undefined) {
      expect(engine.awaitNext(this.#queue)).toBe(true);
      expect(this.#shelf.in(this.#queue)).toBe(true);
      found = engine.get(channel, this.#queue, false);
    }
    this.#bench.serve();
    const got = this.#client.received().flatMap((one) => (one.kind === 'got' ? [one] : []));
    expect(found).toBe(wanted !== undefined);
    if (wanted === undefined) return;
    this.#unacked.set(++this.#tags, wanted);
    expect(got.map((one) => [one.tag, Number.parseInt(one.body.toString(), 10), one.redelivered])).toEqual([
      [this.#tags, wanted.number, wanted.redelivered],
    ]);
  }

  #settle(how: 'ack' | 'requeue', which: number, count: number): void {
    const tags = [...this.#unacked.keys()];
    const first = which % tags.length;
    for (const tag of tags.slice(first, first + count)) {
      const entry = this.#unacked.get(tag);
      this.#unacked.delete(tag);
      if (how === 'requeue' && entry !== undefined) {
        entry.redelivered = true;
        const at = this.#ready.findIndex((one) => one.number > entry.number);
        this.#ready.splice(at === -1 ? this.#ready.length : at, 0, entry);
      }
      this.#client.feed(how === 'ack' ? ack(1, tag) : nack(1, tag, false, true));
    }
  }
}

describe.each(ENGINES)('%s', (kind) => {
  test('a queue whose messages come and go does what the model does', async () => {
    const histories = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const pair = new Pair(await Bench.open(kind, { mebibytes: 48 }));
      for (const one of steps) pair.play(one);
      pair.end();
    });
    await fc.assert(histories, { numRuns: Number(process.env.LEVERET_RUNS ?? 12) });
  });
});
