/**
 * A scenario: something that a client does, written once and played against any broker. What RabbitMQ answered is stored in
 * transcripts/; where Leveret answers otherwise on purpose, the scenario says so, why, and what it answers.
 */
import type { Stage } from './stage.js';

export interface Scenario {
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
  readonly differs: Difference | null;
}

/** A difference on purpose; docs/compatibility.md lists it. */
export interface Difference {
  readonly why: string;
  /** What Leveret answers instead. */
  readonly transcript: readonly string[];
}

export function scenario(name: string, play: Scenario['play'], differs?: Difference | null): Scenario {
  return { name, play, differs: differs ?? null };
}
