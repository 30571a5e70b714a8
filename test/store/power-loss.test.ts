/**
 * Whenever the power goes, whatever of the unsynced writes is left: what was reported durable is there once and in order, what was done does not
 * come back. Each run lives on what an earlier loss left; a failing one is repeated by LEVERET_SEED=number.
 */
import { expect, test } from 'vitest';
import { type Random, randomFrom, SimulatedDirectory } from './support/simulated.js';
import { broken, find, type Promised, Workload } from './support/workload.js';

/** Losses of power that are looked at. */
const LOSSES = Number(process.env.LEVERET_LOSSES ?? 10_000);
const STEPS = 60;
const LIVES = 4;

interface Loss {
  readonly directory: SimulatedDirectory;
  readonly promised: Promised;
}

/** One life of the queues: at each call of the directory the power may go. The directory is what the last loss left. */
async function live(workload: Workload, directory: SimulatedDirectory, random: Random): Promise<Loss[]> {
  const losses: Loss[] = [];
  directory.onCall = (call) => {
    if (
      call === 'write' ||
      call === 'sync' ||
      call === 'syncNames' ||
      call === 'rename' ||
      call === 'remove' ||
      random() < 0.1
    ) {
      losses.push({ directory: directory.powerLoss(random), promised: workload.promised() });
    }
    workload.disturb(call);
  };
  for (let step = 0; step < STEPS; step++) await workload.step();
  await workload.idle();
  // Some end in order, and even then the power may go.
  if (random() < 0.5) await workload.close();
  losses.push({ directory: directory.powerLoss(random), promised: workload.promised() });
  directory.onCall = () => undefined;
  return losses;
}

/** Recovers, sometimes with the power going again meanwhile. */
async function recoverOften(loss: Loss, random: Random, faults: number): Promise<string | null> {
  const again: SimulatedDirectory[] = [];
  loss.directory.onCall = (call) => {
    if (call !== 'read' && call !== 'open' && random() < 0.01) again.push(loss.directory.powerLoss(random));
  };
  const found = await find(loss.directory, loss.promised);
  const first = broken(loss.promised, found, faults);
  if (first !== null) return first;
  for (const directory of again) {
    const later = broken(loss.promised, await find(directory, loss.promised), faults);
    if (later !== null) return `after the power went during recovery: ${later}`;
  }
  // What was put in order stays in order.
  if (random() < 0.8) return null;
  const second = await find(loss.directory, loss.promised);
  if (second.report.damaged.length > 0) return `damage is reported again: ${JSON.stringify(second.report.damaged)}`;
  return broken(loss.promised, second, faults);
}

test(`${LOSSES} losses of power break no promise`, { timeout: 600_000 }, async () => {
  const given = process.env.LEVERET_SEED;
  let seed = given === undefined ? Date.now() % 1_000_000_000 : Number(given);
  let waits = 0;
  for (let count = 0; count < LOSSES; seed++) {
    const random = randomFrom(seed);
    const workload = new Workload(random, random() < 0.5 ? 0 : 0.03);
    let directory = new SimulatedDirectory();
    for (let life = 0; life < LIVES; life++) {
      await workload.start(directory, await find(directory.copy(), workload.promised()));
      const losses = await live(workload, directory, random);
      for (const [index, loss] of losses.entries()) {
        const wrong = await recoverOften(loss, random, workload.faults);
        if (wrong !== null)
          expect.fail(`LEVERET_SEED=${seed}, life ${life}, loss ${index} of ${losses.length}: ${wrong}`);
      }
      count += losses.length;
      waits += directory.waits;
      directory = losses.at(-1)?.directory ?? directory;
    }
  }
  expect(waits, 'writes that threads have waited for').toBeGreaterThan(LOSSES / 100);
});

test('what is done leaves the disk, however long the queues live', async () => {
  const workload = new Workload(randomFrom(7), 0);
  const directory = new SimulatedDirectory();
  await workload.start(directory, await find(directory.copy(), workload.promised()));
  for (let step = 0; step < 2000; step++) await workload.step();
  await workload.idle();
  await workload.drain();
  const octets = [...directory.files()]
    .filter(([name]) => name.endsWith('.log'))
    .reduce((sum, [, { length }]) => sum + length, 0);
  expect(octets).toBeLessThan(200_000);
  await workload.close();
  expect(broken(workload.promised(), await find(directory, workload.promised()))).toBe(null);
});
