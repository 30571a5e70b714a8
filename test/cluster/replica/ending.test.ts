/**
 * A node that follows comes to an end, though its disk takes nothing any more: it says so, and what was not written is
 * told again. A failing run is repeated with the seed that it prints (LEVERET_SEED).
 */
import { expect, test } from 'vitest';
import type { CommitLog } from '../../../src/log/commit-log.js';
import { type Random, randomFrom, systemError } from '../../store/support/simulated.js';
import { PATIENCE_MS, within } from '../../support/waiting.js';
import { FollowedDisk } from '../support/followed-disk.js';
import { bodiesOf, heldIn } from '../support/held.js';
import { type Sample, SampleStream } from '../support/sample-stream.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.LEVERET_RUNS ?? 20);
const PORTIONS = 80;

/** Applies all, and ends the replica; returns why not all of it is durable. */
async function ended(disk: FollowedDisk, samples: readonly Sample[], random: Random): Promise<Error | null> {
  const { replica } = await disk.follow();
  const from = disk.position.sequence;
  for (const { portion } of samples) {
    if (portion.position.sequence <= from) continue;
    replica.apply(portion);
    if (random() < 0.3) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const end = replica.close().then(
    () => null,
    (error: Error) => error,
  );
  return within(PATIENCE_MS, 'the end of the replica', end);
}

/** Whatever is written behind so many calls fails, of log files or of definitions. */
function fail(disk: FollowedDisk, calls: number, random: Random): void {
  let countdown = calls;
  const look = (): void => {
    countdown -= 1;
    if (countdown < 0) throw systemError(random() < 0.5 ? 'ENOSPC' : 'EIO');
  };
  if (random() < 0.3) disk.definitions.onCommit = look;
  else
    disk.directory.onCall = (call) => {
      if (call === 'write' || call === 'create') look();
    };
}

test(`${RUNS} nodes end while their disks take nothing, and go on from there`, { timeout: 600_000 }, async () => {
  process.stdout.write(`nodes that end amid failures, from seed ${SEED} (LEVERET_SEED=${SEED} repeats them)\n`);
  let failures = 0;
  for (let run = 0; run < RUNS; run++) {
    const at = `seed ${SEED + run}`;
    const random = randomFrom(SEED + run);
    const samples = new SampleStream(random).take(PORTIONS);
    const disk = new FollowedDisk();
    fail(disk, Math.floor(random() * 40), random);
    const error = await ended(disk, samples, random);
    if (error !== null) {
      failures += 1;
      expect(error.message, at).toMatch('simulated');
    }
    const left = new FollowedDisk(disk.directory.kill(), disk.definitions);
    left.definitions.onCommit = () => undefined;
    expect(await ended(left, samples, random), at).toBe(null);
    const log = await left.recover();
    expect(log.report.lost, at).toEqual([]);
    expect(await heldIn(log), at).toEqual(bodiesOf((samples.at(-1) as Sample).expected));
    await log.close(null);
  }
  expect(failures).toBeGreaterThan(RUNS / 2);
});

test('a node whose log takes no batch any more ends, and says why', { timeout: 2 * PATIENCE_MS }, async () => {
  const samples = new SampleStream(randomFrom(SEED)).take(PORTIONS);
  const disk = new FollowedDisk();
  const { open } = disk;
  const refusing = Object.assign(new FollowedDisk(disk.directory, disk.definitions), {
    open: (...[setup, observer]: Parameters<typeof open>): CommitLog =>
      Object.assign(open(setup, observer), { append: () => Promise.reject(new Error('refused')) }),
  });
  const { replica } = await refusing.follow();
  for (const { portion } of samples) replica.apply(portion);
  const end = within(PATIENCE_MS, 'the end of the replica', replica.close());
  await expect(end).rejects.toThrow('refused');
});
