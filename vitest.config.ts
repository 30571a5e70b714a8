import { configDefaults, defineConfig } from 'vitest/config';
import { SECOND_TRIES } from './test/support/second-tries.js';
import { PATIENCE_MS } from './test/support/waiting.js';

/** Stories that a whole broker tells, over sockets. */
const BROKER = [
  ...[
    'channel',
    'protocol',
    'clients',
    'hostile',
    'conformance',
    'management',
    'http-conformance',
    'ctl',
    'events',
    'spans',
    'testing',
    'perf/runs',
    'migrate/runs',
    'embedded',
  ],
].map((folder) => `test/${folder}/**/*.test.ts`);

/** They need NATS servers: test/cluster/vitest.config.ts. */
const SERVERS = 'test/cluster/nats/**';

/** The broker's stories, told by one engine: test/support/broker.ts reads the variable. */
function onEngine(engine: 'wasm' | 'js') {
  return { extends: true as const, test: { name: engine, include: BROKER, env: { LEVERET_ENGINE: engine } } };
}

/**
 * Those that are also told over streams that cut into pieces what goes through (test/support/stream-broker.ts), and by
 * WebSocket (test/support/websocket-broker.ts).
 */
const OVER_STREAMS = [
  ...['connection/channels', 'connection/framing', 'connection/handshake', 'connection/heartbeat', 'connection/nowait'],
  ...['consuming/acknowledgements', 'consuming/consume', 'consuming/get', 'consuming/qos'],
  ...['publishing/publish', 'publishing/message-properties', 'publishing/transactions'],
].map((name) => `test/protocol/${name}.test.ts`);

export default defineConfig({
  test: {
    ...SECOND_TRIES,
    // Only what hangs takes so long: longer than any wait (test/support/waiting.ts), which says what it waited for.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: PATIENCE_MS, interval: 20 } },
    // The machine is shared with the brokers that the tests start.
    maxWorkers: 4,
    // A file's process goes on with the next file of its project: to start one and to load all modules anew takes longer than most files. What a
    // support module keeps between tests must be empty when they are over.
    isolate: false,
    // Scenarios wait for the broker most of the time.
    maxConcurrency: 16,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...BROKER, SERVERS],
        },
      },
      onEngine('wasm'),
      onEngine('js'),
      { extends: true, test: { name: 'websocket', include: OVER_STREAMS, env: { LEVERET_TRANSPORT: 'websocket' } } },
      { extends: true, test: { name: 'streams', include: OVER_STREAMS, env: { LEVERET_TRANSPORT: 'stream' } } },
    ],
  },
});
