/**
 * Brokers and vhosts by the hooks of a test runner. What must hold: what a test has asked to go wrong is over before the
 * next one begins; a test that leaves deliveries unacknowledged fails, and the others do not.
 */
import { TestBroker, type TestBrokerOptions } from './broker.js';
import { type Runner, runnerOf } from './runner.js';
import { TestVhost } from './vhost.js';

/** How long a broker may take to start and to stop (ms): machines that run tests are busy. */
const HOOK_MS = 30_000;

export interface RunnerOptions {
  /** The hooks of the test runner, where they are not global: what `vitest` or `@jest/globals` exports. */
  readonly runner?: Partial<Runner> | undefined;
  /** False: tests may leave deliveries unacknowledged. */
  readonly acknowledged?: boolean | undefined;
}

export interface UsedOptions extends TestBrokerOptions, RunnerOptions {}

/** A broker that is started before the tests of a file (or a `describe`), and stopped after them. */
export function useBroker({ runner: given, acknowledged = true, ...options }: UsedOptions = {}): TestBroker {
  const runner = runnerOf(given);
  const broker = new TestBroker(options);
  runner.beforeAll(() => broker.start(), HOOK_MS);
  runner.afterEach(async () => {
    await broker.faults.clear();
    if (acknowledged) await broker.allAcknowledged();
  }, HOOK_MS);
  runner.afterAll(() => broker.stop(), HOOK_MS);
  return broker;
}

/** The broker of tests that name none: one for all files that run in this process. */
let shared: Promise<TestBroker> | null = null;

function startShared(): Promise<TestBroker> {
  shared ??= TestBroker.start().then((broker) => {
    broker.unref();
    return broker;
  });
  return shared;
}

/**
 * A vhost for each test: made before it, deleted after it with all that is in it. In a broker of `useBroker`, or, where
 * none is given, in one that all tests of the process share. Tests that run at the same time cannot share it.
 */
export function useVhost(options: RunnerOptions & { readonly broker?: TestBroker | undefined } = {}): TestVhost {
  const { runner: given, acknowledged = true, broker } = options;
  const runner = runnerOf(given);
  let used = broker;
  const vhost = new TestVhost(() => {
    if (used === undefined) throw new Error('the broker runs only while tests do');
    return used;
  });
  if (broker === undefined) {
    runner.beforeAll(async () => {
      used = await startShared();
    }, HOOK_MS);
    runner.afterEach(() => vhost.broker.faults.clear(), HOOK_MS);
  }
  runner.beforeEach(() => vhost.open(), HOOK_MS);
  runner.afterEach(async () => {
    try {
      if (acknowledged) await vhost.broker.allAcknowledged(vhost.name);
    } finally {
      await vhost.close();
    }
  }, HOOK_MS);
  return vhost;
}
