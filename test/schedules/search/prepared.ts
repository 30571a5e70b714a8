/** A scenario as the search plays it. */
import type { Program } from './run.js';

export interface Prepared {
  readonly roles: number;
  readonly doorbells: readonly number[];
  programs(): Program[];
  /** Participants that must work, and have done nothing in the run that was checked last. */
  idle(): readonly number[];
  /** Participants that must work if they go first. */
  readonly working: readonly number[];
  /** Brings all to rest, looks whether everything adds up, and says what memory is left in use. */
  check(): string;
}
