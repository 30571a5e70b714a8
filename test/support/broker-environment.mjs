/**
 * What a broker under test finds in its environment: `LEVERET_SEED` and the like are for the tests and benches, and a
 * broker takes each such variable for a setting of its own.
 */

/** @returns {Record<string, string | undefined>} this process's environment without them */
export function brokerEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LEVERET_')));
}
