/**
 * A node applies the stream to its files, and whenever its power goes it goes on without a gap and without a message
 * twice. A failing run is repeated with the seed that it prints (LEVERET_SEED).
 */
import { expect, test } from 'vitest';
import { sequenceOf } from '../../../dist/log/record-format.js';
import { type Random, randomFrom } from '../../store/support/simulated.js';
import { FollowedDisk } from '../support/followed-disk.js';
import { bodiesOf, heldIn } from '../support/held.js';
import { type Sample, SampleStream } from '../support/sample-stream.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.LEVERET_RUNS ?? 60);
const PORTIONS = 150;

/** Follows until all is applied, or the power goes at this call of the directory; returns what that leaves. */
async function live(
  disk: FollowedDisk,
  samples: readonly Sample[],
  calls: number,
  random: Random,
): Promise<FollowedDisk | null> {
  const left: FollowedDisk[] = [];
  let countdown = calls;
  const following = await disk.follow();
  const { replica, log } = following;
  disk.directory.onCall = () => {
    countdown -= 1;
    if (countdown === 0) left.push(disk.powerLoss(random));
  };
  const from = disk.position.sequence;
  for (const { portion } of samples) {
    if (portion.position.sequence <= from) continue;
    if (left.length > 0) break;
    replica.apply(portion);
    if (random() < 0.3) await new Promise<void>((resolve) => setImmediate(resolve));
    if (random() < 0.05) await log.reclaim();
  }
  await replica.close();
  expect(following.error()).toBe(null);
  return left[0] ?? null;
}

/** All is there that its position says, and nothing that was done by then. */
async function check(disk: FollowedDisk, samples: readonly Sample[], at: string): Promise<void> {
  const { sequence } = disk.position;
  const index = samples.findIndex(({ portion }) => portion.position.sequence === sequence);
  const log = await disk.recover();
  try {
    expect(log.report.lost, at).toEqual([]);
    const held = await heldIn(log);
    const before = index < 0 ? new Map<number, readonly string[]>() : bodiesOf((samples[index] as Sample).expected);
    const later = samples.slice(index + 1).map(({ expected }) => bodiesOf(expected));
    const defined = new Set(disk.definitions.queues().map(({ id }) => id));
    for (const [id, bodies] of before) {
      // What is missing was done behind the position, and applied already.
      if (!defined.has(id)) continue;
      const there = new Set(held.get(id));
      const missing = bodies.filter((body) => !there.has(body));
      for (const body of missing) {
        const isDone = later.some((queues) => !(queues.get(id)?.includes(body) ?? false));
        expect(isDone, `${at}: ${body.slice(0, 20)} of queue ${id} is gone`).toBe(true);
      }
    }
    for (const [id, bodies] of held) {
      expect(new Set(bodies).size, `${at}: twice in queue ${id}`).toBe(bodies.length);
      const known = new Set([...(before.get(id) ?? []), ...later.flatMap((queues) => queues.get(id) ?? [])]);
      expect(
        bodies.filter((body) => !known.has(body)),
        `${at}: done, and back in queue ${id}`,
      ).toEqual([]);
    }
  } finally {
    await log.close(null);
  }
}

test(`${RUNS} nodes lose power again and again, and have what the stream says`, { timeout: 600_000 }, async () => {
  process.stdout.write(`nodes that follow, from seed ${SEED} (LEVERET_SEED=${SEED} repeats them)\n`);
  let losses = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const random = randomFrom(seed);
    const samples = new SampleStream(random).take(PORTIONS);
    let disk = new FollowedDisk();
    for (let life = 0; life < 6; life++) {
      const left = await live(disk, samples, 1 + Math.floor(random() ** 2 * 400), random);
      if (left === null) break;
      losses += 1;
      disk = new FollowedDisk(left.directory.copy(), left.definitions);
      await check(new FollowedDisk(left.directory.copy(), left.definitions), samples, `seed ${seed}, life ${life}`);
    }
    expect(await live(disk, samples, Number.POSITIVE_INFINITY, random)).toBe(null);
    const last = (samples.at(-1) as Sample).expected;
    expect(disk.position.sequence).toBe((samples.at(-1) as Sample).portion.position.sequence);
    const log = await disk.recover();
    expect(await heldIn(log), `seed ${seed}`).toEqual(bodiesOf(last));
    const named = disk.definitions.queues().map(({ name, id }): [string, number] => [name, id]);
    const expected = [...last.queues].map(([name, { id }]): [string, number] => [name, id]);
    expect(new Map(named)).toEqual(new Map(expected));
    for (const [lane, next] of last.nextMessages) {
      const start = lane === 0 ? log.writer.takeMessageIds(0) : null;
      if (start !== null) expect(sequenceOf(start), `seed ${seed}`).toBeGreaterThanOrEqual(next);
    }
    await log.close(null);
  }
  expect(losses).toBeGreaterThan(RUNS);
});
