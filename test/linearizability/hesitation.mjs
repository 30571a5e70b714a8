/** How a participant hesitates (hesitant-core.ts): by chance, mostly not at all, sometimes so long that others run. */

/** Names what the core imports. */
export const HESITATION = 'hesitation';
const SELDOM = 40;
const ASLEEP = 4;
const SPIN_MAX = 2_000;
const SLEEP_MS = 0.05;
const bed = new Int32Array(new SharedArrayBuffer(4));

/** @param {(most: number) => number} below a source of chance */
export function hesitation(below) {
  return {
    hesitate() {
      if (below(SELDOM) !== 0) return;
      if (below(ASLEEP) === 0) Atomics.wait(bed, 0, 0, SLEEP_MS);
      else for (let spin = below(SPIN_MAX); spin > 0; spin--);
    },
  };
}
