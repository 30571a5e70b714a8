/**
 * A scenario: something that a client does, written once and played against any broker. What RabbitMQ answered is
 * stored in transcripts/; where Leveret answers otherwise on purpose, the scenario says so, why, and what it answers.
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
  /** What Leveret answers instead; or how that follows from RabbitMQ's answers. */
  readonly transcript: readonly string[] | ((rabbit: readonly string[]) => readonly string[]);
}

export function scenario(name: string, play: Scenario['play'], differs?: Difference | null): Scenario {
  return { name, play, differs: differs ?? null };
}

/** What Leveret answers, where RabbitMQ answers as given. */
export function expectedTranscript({ differs }: Scenario, rabbit: readonly string[]): readonly string[] {
  if (differs === null) return rabbit;
  return typeof differs.transcript === 'function' ? differs.transcript(rabbit) : differs.transcript;
}

/** A difference in some words of the answers. */
export function rewording(why: string, rabbit: string | RegExp, leveret: string): Difference {
  return { why, transcript: (lines) => lines.map((line) => line.replace(rabbit, leveret)) };
}
