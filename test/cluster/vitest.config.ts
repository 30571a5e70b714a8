import { defineConfig } from 'vitest/config';
import { SECOND_TRIES } from '../support/second-tries.js';

/** What needs real NATS servers: `npm run nats-check`, which brings them. */
export default defineConfig({
  test: {
    ...SECOND_TRIES,
    include: ['test/cluster/nats/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Each file has nine processes of its own at most; servers elect by timers of seconds.
    fileParallelism: false,
  },
});
