/** The search from the command line: `npm run schedules -- --help`. */
import { parseArgs } from 'node:util';
import { open, parseSchedule, report } from './report.js';
import { FAULTS, plantedEdits } from './scenarios/planted.js';
import { SCENARIOS, TRIPLES } from './scenarios/scenarios.js';
import { instrument } from './search/instrument.js';
import { LAYOUT } from './search/machine.js';
import { random } from './search/strategies.js';
import { writeTable, writeTriples } from './table.js';

const HELP = `npm run schedules -- [options]
  --minutes N        how long in all; 1 by default
  --schedules N      so many runs for each scenario at most; no limit by default
  --scenario TEXT    only scenarios with this in their name
  --seed N           the first seed of the runs by priorities; another one each time by default
  --planted TEXT     with each planted fault that has this in its name: it must be found ("all" for all)
  --ordered          memory is sequentially consistent: nothing is late or old
  --table            writes the tables of pairs and triples into docs/schedules.md
  --replay SCHEDULE  makes one run of the one scenario again (and with --planted of that fault)`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    schedules: { type: 'string', default: 'Infinity' },
    scenario: { type: 'string', default: '' },
    seed: { type: 'string' },
    planted: { type: 'string' },
    replay: { type: 'string' },
    ordered: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** One triple of so many. */
const TRIPLES_SHARE = 10;

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const core = await instrument(LAYOUT, plantedEdits());
  if (values.table) {
    writeTable(core);
    writeTriples(core);
    return;
  }
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const { planted } = values;
  const faults = FAULTS.filter(({ name }) => planted !== undefined && (planted === 'all' || name.includes(planted)));
  // Without a name there are more triples than time: some of them, by chance.
  const below = random(seed);
  const triples = values.scenario === '' ? TRIPLES.filter(() => below(TRIPLES_SHARE) === 0) : TRIPLES;
  const scenarios = [...SCENARIOS, ...triples].filter(({ name }) => name.includes(values.scenario));
  const works =
    planted === undefined
      ? scenarios.map((scenario) => ({ scenario, fault: 0 }))
      : faults.map((fault) => ({
          scenario: SCENARIOS.find(({ name }) => name === fault.scenario) ?? missing(fault.scenario),
          fault: FAULTS.indexOf(fault) + 1,
        }));
  if (works.length === 0) missing(planted ?? values.scenario);
  if (values.replay !== undefined) {
    const [{ scenario, fault } = missing(values.scenario)] = works;
    const { schedule, limits } = parseSchedule(values.replay);
    console.log(open(core, scenario, fault).replay(schedule, limits) ?? 'nothing is wrong');
    return;
  }
  const until = performance.now() + Number(values.minutes) * 60_000;
  let [schedules, states, seeds, wrong] = [0, 0, 0, 0];
  for (const [i, { scenario, fault }] of works.entries()) {
    const share = (until - performance.now()) / (works.length - i);
    const began = performance.now();
    const search = open(core, scenario, fault);
    const found = search.explore({
      schedules: Number(values.schedules),
      until: began + share,
      seed,
      isWeak: !values.ordered,
    });
    console.log(report(scenario, fault, found, performance.now() - began));
    schedules += found.schedules;
    states += found.states;
    seeds += found.seeds;
    if ((found.failure === null) !== (fault === 0)) wrong += 1;
  }
  console.log(`${works.length} scenarios, ${schedules} schedules, ${states} states, ${seeds} seeds from ${seed} on`);
  if (wrong > 0) {
    console.log(`${wrong} ended otherwise than they must`);
    process.exitCode = 1;
  }
}

function missing(name: string): never {
  throw new Error(`there is none with ${JSON.stringify(name)} in its name`);
}
