/**
 * Whenever the power goes, whatever of the unsynced writes is left, and whatever comes then: what was reported durable
 * is there once and in order, what was done does not come back, what belongs together is there together or not at all.
 * A failing run is repeated by `npm run power-loss -- --points 1 --seed N`, with the seed that it prints.
 */
import { expect, test } from 'vitest';
import { PLANTS, simulationWith } from './simulation/plants.js';
import { simulate, simulateOneLongLife } from './simulation/simulation.js';
import { temporaryDirectory } from './support/directories.js';

/** Moments at which it is looked at what a loss of power would leave. */
const POINTS = Number(process.env.LEVERET_POINTS ?? 20_000);
/** Within so many a fault must be found that is planted. */
const POINTS_FOR_PLANTS = 20_000;
/**
 * The same lives each time: they change when the store asks its directory for something else, and then another may be
 * needed.
 */
const SEED_FOR_PLANTS = 100_001;

/** Other lives each time. It is printed, so that the same are played again where it is given. */
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

/** Long runs say how far they are. */
let told = 0;
function tell(points: number): void {
  if (POINTS <= 20_000 || points - told < POINTS / 100) return;
  told = points;
  process.stdout.write(`${points} points\n`);
}

test(`${POINTS} losses of power break no promise`, { timeout: Math.max(600_000, POINTS * 60) }, async () => {
  process.stdout.write(`losses of power from seed ${SEED} (LEVERET_SEED=${SEED} repeats them)\n`);
  const { broken, again, waits } = await simulate(POINTS, SEED, tell);
  expect(broken).toBe(null);
  expect(again, 'starts that were cut short').toBeGreaterThan(POINTS / 100);
  expect(waits, 'writes that threads have waited for').toBeGreaterThan(POINTS / 100);
});

test('what is done leaves the disk, however long the queues live', async () => {
  expect(await simulateOneLongLife(7, 2000)).toBe(null);
});

test.each(PLANTS)('the simulation finds it when $fault', { timeout: 600_000 }, async (plant) => {
  const planted = await simulationWith(plant, await temporaryDirectory());
  expect((await planted(POINTS_FOR_PLANTS, SEED_FOR_PLANTS)).broken).not.toBe(null);
});
