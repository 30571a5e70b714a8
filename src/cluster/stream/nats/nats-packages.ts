/**
 * The NATS client, loaded when it is asked for: it is an optional dependency, and a broker without a cluster neither
 * needs nor loads it.
 */
import { StreamRefusedError } from '../stream-error.js';

export interface NatsPackages {
  readonly transport: typeof import('@nats-io/transport-node');
  readonly jetstream: typeof import('@nats-io/jetstream');
}

async function load(): Promise<NatsPackages> {
  const [transport, jetstream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
  return { transport, jetstream };
}

/** `stream`: the one that they are needed for. */
export async function loadNats(stream: string): Promise<NatsPackages> {
  try {
    return await load();
  } catch (cause) {
    const missing = 'the packages @nats-io/transport-node and @nats-io/jetstream are not installed or cannot be loaded';
    const cure = 'npm install leveret with its optional dependencies';
    throw new StreamRefusedError(stream, [`${missing} (${(cause as Error).message}): ${cure}`], { cause });
  }
}
