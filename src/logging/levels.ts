/**
 * What the operator's log tells of: areas and levels, and from which level on each area is told. The thresholds lie in
 * memory that all threads of a broker share, so that a change counts at once wherever entries are made. What must hold:
 * to ask whether an entry is wanted costs a load and a comparison.
 *
 * This folder is for what operators read. It has nothing to do with the log that keeps messages (src/log, src/store).
 */

/** From the least to the most urgent. */
export const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** The least level that is told; `none`: nothing is. */
export const THRESHOLDS = [...LEVELS, 'none'] as const;
export type Threshold = (typeof THRESHOLDS)[number];
export const DEFAULT_LEVEL: Threshold = 'info';

/** What an entry is about; RabbitMQ's categories where it has one with the same meaning. */
export const AREAS = [
  /** Start, end, workers, defects. */
  'broker',
  'listener',
  /** Clients that come and go. */
  'connection',
  /** What clients do wrong on a channel. */
  'channel',
  /** Who is let in, and who is not. */
  'login',
  /** What those who are in may not do. */
  'access',
  'tls',
  /** Memory and disk, and who is held back by them. */
  'alarm',
  /** Log files, spilled messages, the data directory. */
  'storage',
  /** Vhosts, users, policies and the like, as they are stored and read. */
  'definitions',
  'configuration',
] as const;
export type Area = (typeof AREAS)[number];

/** The thresholds of areas; `default` counts for those that are not named. */
export type LevelSettings = { readonly default: Threshold } & { readonly [A in Area]?: Threshold };

const PLACES = new Map<Area, number>(AREAS.map((area, place) => [area, place]));
const RANKS = new Map<Threshold, number>(THRESHOLDS.map((threshold, rank) => [threshold, rank]));

export class LogLevels {
  /** To be handed to another thread. */
  readonly shared: SharedArrayBuffer;
  readonly #least: Uint8Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(AREAS.length)) {
    this.shared = shared;
    this.#least = new Uint8Array(shared);
  }

  isOn(area: Area, level: Level): boolean {
    return rank(level) >= Atomics.load(this.#least, PLACES.get(area) ?? 0);
  }

  /** All areas; what is not named has the default. */
  setAll(settings: LevelSettings): void {
    for (const area of AREAS) this.set(area, settings[area] ?? settings.default);
  }

  set(area: Area, threshold: Threshold): void {
    Atomics.store(this.#least, PLACES.get(area) ?? 0, rank(threshold));
  }

  get(area: Area): Threshold {
    return THRESHOLDS[Atomics.load(this.#least, PLACES.get(area) ?? 0)] ?? 'none';
  }
}

function rank(threshold: Threshold): number {
  return RANKS.get(threshold) ?? THRESHOLDS.length;
}
