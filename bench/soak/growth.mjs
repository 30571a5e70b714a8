/**
 * Whether something grows: what was seen is cut into windows, and the medians of the first and the last are compared.
 * What may come and go within a window does not count.
 */
import { median } from '../support/median.mjs';

/** @typedef {{ resident: number, disk: number, files: number }} Sample MB, MB, open files */
/** @typedef {{ title: string, of: (sample: Sample) => number, factor: number, slack: number }} Measure */

/**
 * What is watched, and how much the last window may be above the first: files are written and given back in pieces of
 * some size. @type {readonly Measure[]}
 */
const MEASURES = [
  { title: 'resident (MB)', of: (sample) => sample.resident, factor: 1.1, slack: 16 },
  { title: 'on the disk (MB)', of: (sample) => sample.disk, factor: 1.1, slack: 128 },
  { title: 'open files', of: (sample) => sample.files, factor: 1, slack: 10 },
];
const WINDOWS = 3;
/** Samples that a judgement needs. */
export const SAMPLES_MIN = 12;

/**
 * @param {readonly Sample[]} samples at least SAMPLES_MIN
 * @returns {{ title: string, medians: readonly number[], limit: number, grows: boolean }[]}
 */
export function judgeGrowth(samples) {
  const length = Math.floor(samples.length / WINDOWS);
  return MEASURES.map(({ title, of, factor, slack }) => {
    const medians = Array.from({ length: WINDOWS }, (_, index) =>
      median(samples.slice(index * length, (index + 1) * length).map(of)),
    );
    const limit = (medians[0] ?? 0) * factor + slack;
    return { title, medians, limit, grows: (medians.at(-1) ?? 0) > limit };
  });
}
