/**
 * A value that changes with time, step by step and round and round: `100:10` and `500:5` are 100 for ten seconds, 500
 * for five, and so on. Times count from the start of the run (s).
 */

export interface Step {
  readonly value: number;
  readonly seconds: number;
}

/** The value at a time. */
export function valueAt(steps: readonly Step[], seconds: number): number {
  let left = seconds % secondsOf(steps);
  for (const step of steps) {
    if (left < step.seconds) return step.value;
    left -= step.seconds;
  }
  return steps.at(-1)?.value ?? 0;
}

/** What a rate that changes adds up to, until a time. */
export function sumUntil(steps: readonly Step[], seconds: number): number {
  const round = secondsOf(steps);
  let left = seconds % round;
  let sum = Math.floor(seconds / round) * sumOf(steps);
  for (const step of steps) {
    const spent = Math.min(left, step.seconds);
    sum += step.value * spent;
    left -= spent;
  }
  return sum;
}

/** When it has added up to a sum; `Infinity`: never. */
export function timeOfSum(steps: readonly Step[], sum: number): number {
  const inRound = sumOf(steps);
  if (inRound === 0) return sum > 0 ? Number.POSITIVE_INFINITY : 0;
  const rounds = Math.floor(sum / inRound);
  let seconds = rounds * secondsOf(steps);
  let left = sum - rounds * inRound;
  for (const step of steps) {
    const part = step.value * step.seconds;
    if (left < part) return seconds + left / step.value;
    left -= part;
    seconds += step.seconds;
  }
  return seconds;
}

function secondsOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + step.seconds, 0);
}

function sumOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { value, seconds }) => sum + value * seconds, 0);
}
