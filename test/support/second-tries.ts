/**
 * Continuous integration tries once more what has waited in vain: on a machine that is shared, a browser or a process may
 * take longer than any patience. What must hold: a wrong result is never tried again, and what needed a second try is
 * told at the end, with what went wrong: it may be a wake-up that was lost, which is a fault.
 */
import type { Reporter, TestModule } from 'vitest/node';

/** What waits say that end in vain: those of test/support/waiting.ts, the browser's, a test as a whole. */
const WAITED_IN_VAIN = /waited \d+ ms for|Timeout \d+ms exceeded|Test timed out in \d+ms/;

class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue;
        const errors = test.result().errors ?? [];
        console.log(`NEEDED A SECOND TRY: ${module.relativeModuleId} > ${test.fullName}`);
        for (const { message } of errors) console.log(`  ${message}`);
      }
    }
  }
}

/** For a configuration of Vitest. */
export const SECOND_TRIES =
  process.env.CI === 'true'
    ? { retry: { count: 1, condition: WAITED_IN_VAIN }, reporters: ['default', new SecondTries()] }
    : {};
