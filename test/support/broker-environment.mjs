/**
 * What a broker under test finds in its environment: `LEVERET_SEED` and the like are for the tests and benches, and a
 * broker takes each such variable for a setting of its own.
 */

/** @returns {Record<string, string | undefined>} this process's environment without them */
export function brokerEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LEVERET_')));
}

/** For brokers that run side by side: they cannot all have the usual port of the HTTP API. */
export const WITHOUT_HTTP = { LEVERET_HTTP_PORT: '0' };
