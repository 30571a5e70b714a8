/** The hooks of the test runner in which a test runs: those that it has made global, or those that it was given. */

/** What `vitest` and `@jest/globals` export, and both make global. Times in ms. */
export interface Runner {
  beforeAll(work: () => Promise<void>, timeout?: number): unknown;
  beforeEach(work: () => Promise<void>, timeout?: number): unknown;
  afterEach(work: () => Promise<void>, timeout?: number): unknown;
  afterAll(work: () => Promise<void>, timeout?: number): unknown;
}

const HOOKS = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'] as const satisfies readonly (keyof Runner)[];

/** Throws where there are none. */
export function runnerOf(given: Partial<Runner> | undefined): Runner {
  const runner = given ?? (globalThis as Partial<Runner>);
  const missing = HOOKS.filter((name) => typeof runner[name] !== 'function');
  if (missing.length === 0) return runner as Runner;
  throw new Error(
    `a test runner's ${missing.join(', ')} cannot be found: make them global (Vitest: test.globals), or give them, ` +
      "as { runner } with import * as runner from 'vitest' or '@jest/globals'",
  );
}
