/**
 * Long lists in order, without holding anybody up: runs that are sorted at once, then merged two by two, in turns. What
 * must hold: what compares alike stays in the order in which it came.
 */
import type { Json } from './listings.js';
import type { Turns } from './turns.js';

/** Items that are sorted, or merged, before one looks at the time: a fraction of a millisecond. */
const RUN = 512;

type Key = number | string;

interface Keyed<T> {
  readonly key: Key;
  readonly item: T;
}

/** By what `fieldOf` has of them. Fields that are not there, or are null, come first. */
export async function inOrder<T>(
  items: readonly T[],
  fieldOf: (item: T) => Json | undefined,
  isReversed: boolean,
  turns: Turns,
): Promise<T[]> {
  const sign = isReversed ? -1 : 1;
  const precedes = (one: Keyed<T>, other: Keyed<T>): number => sign * compare(one.key, other.key);
  let runs: Keyed<T>[][] = [];
  let run: Keyed<T>[] = [];
  for (const item of items) {
    run.push({ key: keyOf(fieldOf(item)), item });
    if (run.length === RUN) {
      runs.push(run.sort(precedes));
      run = [];
    }
    if (turns.isOver) await turns.next();
  }
  runs.push(run.sort(precedes));
  while (runs.length > 1) {
    const longer: Keyed<T>[][] = [];
    for (let at = 0; at < runs.length; at += 2)
      longer.push(await merged(runs[at] ?? [], runs[at + 1] ?? [], precedes, turns));
    runs = longer;
  }
  return (runs[0] ?? []).map(({ item }) => item);
}

async function merged<E>(
  first: readonly E[],
  second: readonly E[],
  precedes: (one: E, other: E) => number,
  turns: Turns,
): Promise<E[]> {
  const all: E[] = [];
  let [left, right] = [0, 0];
  while (left < first.length || right < second.length) {
    const [one, other] = [first[left], second[right]];
    if (other === undefined || (one !== undefined && precedes(one, other) <= 0)) {
      if (one !== undefined) all.push(one);
      left += 1;
    } else {
      all.push(other);
      right += 1;
    }
    if (all.length % RUN === 0 && turns.isOver) await turns.next();
  }
  return all;
}

function compare(one: Key, other: Key): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [a, b] = [String(one), String(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf(value: Json | undefined): Key {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
