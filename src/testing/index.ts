/**
 * What a test sees that runs a broker of its own, in Vitest, Jest or anything else: a broker for each file, a vhost for
 * each test, waits for queues, what was published, faults on purpose, a clock that the test moves.
 *
 * This folder is `leveret/testing`; nothing else of the package imports it. What must hold: it needs no test runner, and
 * uses the hooks of the one that runs.
 */
export { TestBroker, type TestBrokerOptions } from './broker.js';
export { type PublishedMessage, TestExchange } from './exchange.js';
export { Faults } from './faults.js';
export { type RunnerOptions, type UsedOptions, useBroker, useVhost } from './fixtures.js';
export { type QueueState, TestQueue } from './queue.js';
export type { Runner } from './runner.js';
export { TestVhost } from './vhost.js';
