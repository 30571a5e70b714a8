/**
 * Two worker threads that publish into one queue and consume from it at once: nothing is lost, doubled or out of order,
 * and nothing stays behind.
 */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import {
  Counter,
  type Engine,
  type EngineKind,
  type LogBatch,
  NO_FEATURES,
  type Queue,
  type QueueFeatures,
} from '../../src/engine/engine.js';
import { ENGINES } from './support/bench.js';
import { AT_HEAD, ImageShelf } from './support/image-shelf.js';
import { placesOf, type Recorded, readBack } from './support/log.js';

const WORKERS = 2;
const COUNT = 5_000;
const LOG_ID = 256;
const SEED = { low: 7, high: 9 };
const MEMORY = 128 * 2 ** 20;
/** Each worker keeps two of them open for messages; with a log two more, and one for its journal. */
const SEGMENT = 2 ** 20;
/** Pages and cells that participants keep at hand. */
const AT_HAND = 512 * 1024;

interface Delivered {
  readonly body: string;
  readonly redelivered: boolean;
  /** Published anew after it had died. */
  readonly dead: boolean;
}

interface Result {
  readonly delivered: readonly Delivered[];
  readonly acknowledged: readonly string[];
  readonly expired: readonly string[];
  readonly oldest: number;
  /** Memory in use before anything was published. */
  readonly begin: number;
  /** What was written to its log. */
  readonly records: readonly { readonly batch: LogBatch; readonly bytes: Uint8Array }[];
}

interface Contest {
  readonly features?: Partial<QueueFeatures>;
  /** Of the consumer on each worker. */
  readonly consumerPriorities?: readonly number[];
  readonly priorities?: number;
  /** Runs that a worker publishes before it takes a turn. */
  readonly ahead?: number;
  /** Of each worker. */
  readonly count?: number;
  /** How many turns of all workers the fifths live; the others live for ever. */
  readonly life?: number;
  /** What the coordinator does while the workers are at it, again and again. */
  readonly meanwhile?: (coordinator: Engine, queue: Queue) => () => void;
  /** The queue and its messages are in the log. */
  readonly logged?: boolean;
}

async function contend(kind: EngineKind, contest: Contest) {
  const shared = await createSharedCore(kind, MEMORY, WORKERS);
  const coordinator = await openEngine(shared, WORKERS);
  const queue = coordinator.createQueue();
  expect(coordinator.setFeatures(queue, { ...NO_FEATURES, deadLetters: true, ...contest.features })).toBe(true);
  if (contest.logged) coordinator.setLogId(queue, LOG_ID, 1_000);
  const progress = new Int32Array(new SharedArrayBuffer(12));
  const playing = Promise.all(
    Array.from({ length: WORKERS }, (_, index) =>
      play({
        shared,
        index,
        queue,
        count: contest.count ?? COUNT,
        ahead: contest.ahead ?? 1,
        progress,
        priority: contest.consumerPriorities?.[index] ?? 0,
        priorities: contest.priorities ?? 1,
        life: contest.life ?? null,
        seed: contest.logged ? SEED : null,
      }),
    ),
  );
  const results = await (contest.meanwhile === undefined
    ? playing
    : repeated(contest.meanwhile(coordinator, queue), playing));
  const ready = coordinator.readyCount(queue);
  const counts = countsOf(coordinator, queue);
  coordinator.retireQueue(queue);
  coordinator.freeQueue(queue);
  return { results, ready, counts, kept: coordinator.memoryUsed() - Math.min(...results.map((one) => one.begin)) };
}

/** What workers have counted: of the queue, and of all that they did. */
function countsOf(engine: Engine, queue: Queue) {
  return {
    enqueued: engine.countedAt(queue, Counter.ENQUEUED),
    delivered: engine.countedAt(queue, Counter.DELIVERED),
    acknowledged: engine.countedAt(queue, Counter.ACKNOWLEDGED),
    received: engine.counted(Counter.RECEIVED),
    octetsIn: engine.counted(Counter.OCTETS_IN),
    octetsOut: engine.counted(Counter.OCTETS_OUT),
  };
}

/** Does something again and again until a promise has its result. */
async function repeated<T>(action: () => void, until: Promise<T>): Promise<T> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  until.then(end, end);
  while (!over) {
    action();
    await new Promise(setImmediate);
  }
  return until;
}

function play(workerData: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./support/contender.mjs', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** All numbers below `count`, of all workers, whose number passes. */
function expected(count: number, passes: (number: number) => boolean): string[] {
  const numbers = Array.from({ length: count }, (_, number) => number).filter(passes);
  return Array.from({ length: WORKERS }, (_, worker) => numbers.map((number) => `${worker} ${number}`))
    .flat()
    .sort();
}

const CONTESTS: [name: string, contest: Contest][] = [
  ['a queue', {}],
  ['a queue with priorities', { features: { maxPriority: 3 }, priorities: 4 }],
  [
    'a queue that expires, counts bytes and counts requeues',
    { features: { ttl: 600_000, maxBytes: 2 ** 30, deliveryCount: true } },
  ],
  ['consumers with priorities', { consumerPriorities: [0, 5] }],
  ['a queue that is logged', { logged: true }],
  ['a queue with priorities that is logged', { logged: true, features: { maxPriority: 3 }, priorities: 4 }],
];

/** Messages leave block by block and come back when they are asked for, or by chance. */
function page(shelf: ImageShelf, coordinator: Engine, queue: Queue): () => void {
  let step = 0;
  return () => {
    step += 1;
    // By turns whole blocks, and whatever stands behind the first message.
    shelf.out(queue, (step % 4) + AT_HEAD, undefined, {
      least: step % 2 === 0 ? Number.POSITIVE_INFINITY : 0,
      most: 30_000,
    });
    if (step % 5 === 0) shelf.in(queue);
    while (coordinator.nextPageInRequest() !== 0) while (coordinator.presentCount(queue) < 100 && shelf.in(queue));
  };
}

function check({ results, ready, kept }: Awaited<ReturnType<typeof contend>>, contest: Contest): void {
  const count = contest.count ?? COUNT;
  const all = results.flatMap((one) => one.delivered);
  const bodies = (passes: (one: Delivered) => boolean): string[] =>
    all
      .filter(passes)
      .map((one) => one.body)
      .sort();

  // Every message once; what was requeued once more; what died once more.
  expect(bodies((one) => !one.redelivered && !one.dead)).toEqual(expected(count, () => true));
  expect(bodies((one) => one.redelivered)).toEqual(expected(count, (number) => number % 7 === 0));
  expect(bodies((one) => one.dead)).toEqual(expected(count, (number) => number % 11 === 0));
  for (const { delivered } of results) expect(disorder(delivered, contest.priorities ?? 1)).toEqual([]);
  expect([ready, ...results.map((one) => one.oldest)]).toEqual([0, 0, 0]);
  const segments = contest.logged ? 5 : 2;
  expect(kept).toBeLessThanOrEqual(segments * (WORKERS + (contest.meanwhile ? 1 : 0)) * SEGMENT + AT_HAND);
  if (contest.logged) checkRecords(results, count);
}

describe.each(ENGINES)('%s', (kind) => {
  test.each(CONTESTS)('two workers share %s', async (_name, contest) => {
    check(await contend(kind, contest), contest);
  });
});

describe.each(ENGINES)('%s', (kind) => {
  test.each([
    ['a queue', false],
    ['a logged queue', true],
  ])('two workers share %s whose messages leave memory and come back', async (_name, logged) => {
    let requeued = 0;
    const contest: Contest = {
      logged,
      ahead: 12,
      count: 30_000,
      meanwhile: (coordinator, queue) => {
        const shelf = new ImageShelf(coordinator);
        const turn = page(shelf, coordinator, queue);
        return () => {
          turn();
          requeued = shelf.requeued;
        };
      },
    };
    check(await contend(kind, contest), contest);
    expect(requeued).toBeGreaterThan(10);
  });
});

describe.each(ENGINES)('%s', (kind) => {
  test('what two workers count adds up to what they did, and never falls before that', async () => {
    const falls: string[] = [];
    let looks = 0;
    const contest: Contest = {
      count: 30_000,
      meanwhile: (coordinator, queue) => {
        let last = countsOf(coordinator, queue);
        return () => {
          const next = countsOf(coordinator, queue);
          for (const name of Object.keys(next) as (keyof typeof next)[]) {
            if (next[name] < last[name]) falls.push(`${name}: ${last[name]}, then ${next[name]}`);
          }
          if (next.delivered > last.delivered) looks += 1;
          last = next;
        };
      },
    };
    const contended = await contend(kind, contest);
    check(contended, contest);
    const delivered = contended.results.flatMap((one) => one.delivered);
    expect(contended.counts).toMatchObject({
      // What was requeued takes no new place; what died is published anew.
      enqueued: delivered.filter((one) => !one.redelivered).length,
      delivered: delivered.length,
      acknowledged: contended.results.flatMap((one) => one.acknowledged).length,
      received: WORKERS * 30_000,
    });
    expect(falls).toEqual([]);
    expect(looks).toBeGreaterThan(10);
  });

  test.each([
    ['consumers', false],
    ['consumers of a logged queue', true],
  ])('two workers share %s with priorities of consumers and messages, and short lives: each is acknowledged or expires, once', async (_name, logged) => {
    const contest: Contest = {
      features: { maxPriority: 3 },
      priorities: 4,
      consumerPriorities: [0, 5],
      ahead: 12,
      life: 5,
      logged,
    };
    const { results, ready, kept } = await contend(kind, contest);
    const acknowledged = results.flatMap((one) => one.acknowledged);
    const expired = results.flatMap((one) => one.expired);
    expect([...acknowledged, ...expired].sort()).toEqual(expected(COUNT, () => true));
    expect(expired.filter((body) => !isFifth(body))).toEqual([]);
    expect(expired.length).toBeGreaterThan(100);
    expect(acknowledged.filter(isFifth).length).toBeGreaterThan(10);
    for (const { delivered } of results) expect(disorder(delivered, 4)).toEqual([]);
    expect([ready, ...results.map((one) => one.oldest)]).toEqual([0, 0, 0]);
    expect(kept).toBeLessThanOrEqual((logged ? 5 : 2) * WORKERS * SEGMENT + AT_HAND);
    if (logged) checkPlaces(results);
  });
});

/** A message that lives only for a while. */
function isFifth(body: string): boolean {
  return Number(body.split(' ')[1]) % 5 === 0;
}

/** Every message was recorded once, with one place; and every place was done once, whoever did it. */
function checkRecords(results: readonly Result[], count: number): void {
  const messages = checkPlaces(results);
  const bodies = (dead: boolean): string[] =>
    messages
      .filter((one) => one.key.endsWith('dead') === dead)
      .map((one) => one.body.toString())
      .sort();
  expect(bodies(false)).toEqual(expected(count, () => true));
  expect(bodies(true)).toEqual(expected(count, (number) => number % 11 === 0));
}

/** Every recorded message has one place, and every place was done once. Returns the messages. */
function checkPlaces(results: readonly Result[]): readonly Recorded[] {
  const batches = results.flatMap(({ records }) =>
    records.map(({ batch, bytes }) => readBack(Buffer.from(bytes), batch, SEED)),
  );
  const messages = batches.flatMap((one) => one.messages);
  const taken = batches.flatMap((one) => one.facts.taken);
  const ids = messages.map((one) => one.id).sort((a, b) => a - b);
  expect(taken.map((one) => one.id).sort((a, b) => a - b)).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const places = placesOf(taken);
  expect(new Set(places).size).toBe(places.length);
  expect(placesOf(batches.flatMap((one) => one.facts.done))).toEqual(places);
  return messages;
}

/** What a consumer got for the first time behind a later message of the same publisher and priority. */
function disorder(delivered: readonly Delivered[], priorities: number): string[] {
  const last = new Map<string, number>();
  return delivered.flatMap(({ body, redelivered, dead }) => {
    if (redelivered || dead) return [];
    const [publisher, number] = body.split(' ').map(Number);
    const line = `${publisher} ${(number ?? 0) % priorities}`;
    const before = last.get(line) ?? -1;
    last.set(line, number ?? 0);
    return before < (number ?? 0) ? [] : [body];
  });
}
