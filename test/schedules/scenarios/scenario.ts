/** What a scenario is. */
import type { Program } from '../search/run.js';
import type { Stage } from './stage.js';

export interface Scenario {
  readonly name: string;
  /** The operations that meet in it. */
  readonly meets: readonly string[];
  readonly workers: number;
  /** Why its participants share no word that one of them writes. Without a reason they must; null: they may. */
  readonly apart?: string | null | undefined;
  /** Sets the stage, and says who plays what: for each participant that takes part its program, anew for each run. */
  readonly set: (stage: Stage) => readonly Part[];
}

/** What a participant does in a run. */
export interface Part {
  readonly participant: number;
  readonly play: () => Program;
}
