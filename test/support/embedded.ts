/**
 * A broker that is embedded in this process, as a program has it that uses the package: only such a program can change
 * users, policies, limits and vhosts.
 */
import { afterAll, beforeAll } from 'vitest';
import type { BrokerOptions, Broker as Embedded } from '../../src/index.js';
import { Broker } from './broker.js';
import { deferred } from './waiting.js';

export interface EmbeddedBroker {
  readonly embedded: Embedded;
  /** The same, for clients. */
  readonly broker: Broker;
}

/** `data`: the directory in which it keeps what outlasts it; without one nothing does. */
export async function startEmbedded(data?: string, options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  // The built one: its threads start from built files.
  const built = new URL('../../dist/index.js', import.meta.url).href;
  const { Broker: Built } = (await import(built)) as typeof import('../../src/index.js');
  const embedded = await Built.start({
    host: '127.0.0.1',
    port: 0,
    workers: 2,
    engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm',
    memory: 64 * 1024 ** 2,
    pin: false,
    announced: { product: 'Leveret', version: '0.0.0' },
    data: data === undefined ? null : { directory: data, diskFreeLimit: 0 },
    log: null,
    ...options,
  });
  const url = `amqp://guest:guest@127.0.0.1:${embedded.port}`;
  return { embedded, broker: new Broker(url, null, deferred<never>().promise) };
}

/** Takes the texts of warnings and errors, without what the log tells of each connection. */
export function troubles(take: (line: string) => void): NonNullable<BrokerOptions['log']> {
  return ({ level, message, fields }) => {
    if ((level === 'warning' || level === 'error') && fields?.connection === undefined) take(message);
  };
}

/** Starts one that keeps nothing before a file's tests, and closes it after them. */
export function useEmbedded(): () => EmbeddedBroker {
  let started: EmbeddedBroker | undefined;
  beforeAll(async () => {
    started = await startEmbedded();
  });
  afterAll(() => started?.embedded.stop());
  return () => {
    if (started === undefined) throw new Error('the broker runs only while tests do');
    return started;
  };
}
