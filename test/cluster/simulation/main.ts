/**
 * The simulation for as long as one likes: `npm run cluster-simulation -- --seeds 100000 --seed 1`, or for so many
 * `--seconds`. A promise that is
 * broken is told with the seed of its run, which alone repeats it (`--seeds 1 --mode regressions` for one of those).
 */
import { parseArgs } from 'node:util';
import { type Mode, type Outcome, simulate } from './simulation.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mode: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
const seeds = Number(values.seeds ?? (values.seconds === undefined ? 5000 : Number.POSITIVE_INFINITY));
const first = Number(values.seed ?? Date.now() % 1_000_000_000);
/** Each tenth run has a stream that goes back. */
const modeOf = (seed: number): Mode =>
  values.mode === 'faults' || values.mode === 'regressions' ? values.mode : seed % 10 === 0 ? 'regressions' : 'faults';

const sums = new Map<string, number>();
const from = performance.now();
const passed = () => (performance.now() - from) / 1000;
let broken = 0;
let seed = first;
for (; seed < first + seeds && passed() < seconds; seed++) {
  const outcome: Outcome = simulate(seed, modeOf(seed));
  for (const [name, value] of Object.entries(outcome)) {
    if (typeof value === 'number') sums.set(name, (sums.get(name) ?? 0) + value);
  }
  if (outcome.broken !== null) {
    console.error(`--seed ${seed} --seeds 1 --mode ${modeOf(seed)}: ${outcome.broken}`);
    broken += 1;
    if (broken === 10) break;
  }
}
const runs = seed - first;
console.info(`${runs} seeds from ${first}, ${(runs / passed()).toFixed(1)} a second: ${broken} broken`);
console.info(Object.fromEntries(sums));
process.exitCode = broken > 0 ? 1 : 0;
