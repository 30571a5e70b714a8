/** Opening a scenario, and telling what came of it. */

import { FAULTS, PLANTED } from './scenarios/planted.js';
import type { Scenario } from './scenarios/scenario.js';
import { Stage } from './scenarios/stage.js';
import type { Instrumented } from './search/instrument.js';
import { Machine } from './search/machine.js';
import { type Failure, type Found, Search } from './search/search.js';
import type { Deviation } from './search/strategies.js';

/** A scenario on a core of its own, with a planted fault (0: none). */
export function open(core: Instrumented, scenario: Scenario, fault: number): Search {
  const machine = new Machine(core, scenario.workers);
  const stage = new Stage(machine);
  const parts = scenario.set(stage);
  for (const participant of machine.participants) participant.set(PLANTED, fault);
  return new Search(machine, stage.prepare(parts), scenario.apart);
}

/**
 * A schedule as one word each place: who was there, after how many accesses, and who went on. Before them who plays so
 * many parts of its program only.
 */
export function printSchedule({ schedule, limits = [] }: Pick<Failure, 'schedule' | 'limits'>): string {
  const limited = limits.flatMap((limit, i) => (Number.isFinite(limit) ? [`${i}:${limit}`] : []));
  return [...limited, ...schedule.map(printDeviation)].join(',') || 'none';
}

function printDeviation({ at, accesses, to, able, choice, coming, words = [] }: Deviation): string {
  const read = coming === undefined ? '' : `=${(coming.word * 4).toString(16)}=${(coming.value >>> 0).toString(16)}`;
  const how = choice === undefined ? `${able ? '>' : '|'}${to}` : `~${choice}${read}`;
  return [`${at}@${accesses}${how}`, ...words.map((word) => (word * 4).toString(16))].join('/');
}

export function parseSchedule(text: string): { schedule: Deviation[]; limits: number[] } {
  const words = text === 'none' ? [] : text.split(',');
  const limits: number[] = [];
  for (const word of words) {
    const [, one, limit] = /^(\d+):(\d+)$/.exec(word) ?? [];
    if (limit !== undefined) limits[Number(one)] = Number(limit);
  }
  return { schedule: words.filter((word) => !word.includes(':')).map(parseDeviation), limits };
}

function parseDeviation(text: string): Deviation {
  const pattern = /^(-?\d+)@(\d+)([>|~])(\d+)(?:=([0-9a-f]+)=([0-9a-f]+))?((?:\/[0-9a-f]+)*)$/;
  const [, at, accesses, how, to, word, value = '', words = ''] = pattern.exec(text) ?? [];
  if (to === undefined) throw new Error(`${JSON.stringify(text)} is no place of a schedule`);
  const place = { at: Number(at), accesses: Number(accesses) };
  if (how !== '~') return { ...place, to: Number(to), able: how === '>' };
  const racy = words
    .split('/')
    .slice(1)
    .map((word) => Number.parseInt(word, 16) / 4);
  const coming =
    word === undefined ? undefined : { word: Number.parseInt(word, 16) / 4, value: Number.parseInt(value, 16) | 0 };
  return { ...place, to: place.at, able: true, choice: Number(to), coming, words: racy };
}

/** What a search of one scenario came to, in some lines. */
export function report(scenario: Scenario, fault: number, found: Found, took: number): string {
  const { schedules, states, bound, seeds, failure } = found;
  const rate = Math.round((schedules / took) * 1000);
  const bounds = found.complete ? 'all of them' : `all with up to ${bound} preemptions`;
  const counts = `${schedules} schedules (${bounds}), ${states} states, ${seeds} seeds, ${rate} a second`;
  const planted = FAULTS[fault - 1]?.name;
  const title = planted === undefined ? scenario.name : `planted: ${planted}`;
  if (failure === null) return `${title}: ${counts}${planted === undefined ? '' : '; NOT FOUND'}`;
  const again = [
    `--scenario '${scenario.name}'`,
    ...(planted === undefined ? [] : [`--planted '${planted}'`]),
    `--replay '${printSchedule(failure)}'`,
  ];
  return [
    `${title}: ${counts}`,
    `  ${failure.message}`,
    ...(failure.seed === 0 ? [] : [`  seed ${failure.seed}`]),
    `  npm run schedules -- ${again.join(' ')}`,
  ].join('\n');
}
