/**
 * What is running now, on standard error, so that standard output holds the tables alone; and what went wrong on the
 * way.
 */
let faults = 0;

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Notes wrong deliveries; the comparison goes on, and fails in the end.
 * @param {string} where
 * @param {import('../support/generator.mjs').Figures & { wrong: boolean }} figures
 */
export function checkDeliveries(where, figures) {
  if (!figures.wrong) return;
  reportFault(`${where}: ${figures.lost} lost, ${figures.dup} doubled, ${figures.reorder} out of order`);
}

/** @param {string} what */
export function reportFault(what) {
  faults++;
  say(`WRONG  ${what}`);
}

export function faultCount() {
  return faults;
}
