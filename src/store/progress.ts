/** Says how far something long is: only when it takes longer than a moment, and no more often than that. */

const PROGRESS_MS = 2_000;

/** The line is made only when it is said. */
export function progressTeller(report: (line: string) => void): (line: () => string) => void {
  let last = performance.now();
  return (line) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    report(line());
  };
}
