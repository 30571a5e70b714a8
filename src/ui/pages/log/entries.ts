/**
 * The entries of the log that the page holds: the last ones, narrowed to what is looked for. What must hold: there are so
 * many at most, however long somebody looks on.
 */

export const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export interface Entry {
  /** ms since 1970 */
  readonly time: number;
  readonly level: Level;
  readonly area: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface Held extends Entry {
  /** In the order in which they came. */
  readonly id: number;
}

/** So many entries are held; older ones are forgotten. */
export const HELD_MAX = 2_000;

/** A list that changes in place, which is drawn again when somebody says so: a busy log has hundreds each second. */
export class Entries {
  #held: Held[] = [];
  #last = 0;
  /** Those that were forgotten, or that the broker has skipped because this page was slow. */
  lost = 0;

  get all(): readonly Held[] {
    return this.#held;
  }

  add(entry: Entry): void {
    this.#last += 1;
    this.#held.push({ ...entry, id: this.#last });
    if (this.#held.length < 2 * HELD_MAX) return;
    this.#forget();
  }

  clear(): void {
    this.#held = [];
    this.lost = 0;
  }

  #forget(): void {
    this.lost += this.#held.length - HELD_MAX;
    this.#held = this.#held.slice(-HELD_MAX);
  }
}

/** What is looked for. */
export interface Wanted {
  readonly level: Level;
  /** Empty: all. */
  readonly area: string;
  /** Lower case; empty: all. */
  readonly text: string;
}

export function isWanted(entry: Entry, { level, area, text }: Wanted): boolean {
  if (LEVELS.indexOf(entry.level) < LEVELS.indexOf(level)) return false;
  if (area !== '' && entry.area !== area) return false;
  return text === '' || lineOf(entry).toLowerCase().includes(text);
}

/** An entry as a line of a file. */
export function lineOf({ time, level, area, message, fields = {} }: Entry): string {
  const more = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${new Date(time).toISOString()} [${level}] ${area}: ${message}${more.join('')}`;
}
