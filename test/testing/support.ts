/** `leveret/testing` as it is built: its threads start from built files. On the engine that the tests are told of. */
import type { TestBroker, TestBrokerOptions } from '../../src/testing/index.js';

type Testing = typeof import('../../src/testing/index.js');

export async function testing(): Promise<Testing> {
  return (await import(new URL('../../dist/testing/index.js', import.meta.url).href)) as Testing;
}

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { TestBroker } = await testing();
  const engine = process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm';
  return TestBroker.start({ engine, memory: 64 * 1024 ** 2, pin: false, log: null, ...options });
}
