/**
 * What the frame-level tests begin with: connections that are gone after each test, and channels on them.
 */
import { afterEach } from 'vitest';
import type { Broker } from './broker.js';
import type { RawChannel } from './raw-channel.js';
import { type OpenOptions, RawClient } from './raw-client.js';

export interface RawConnections {
  /** A socket on which nothing was said yet. */
  dial(): Promise<RawClient>;
  connect(options?: OpenOptions): Promise<RawClient>;
  /** A channel on a connection of its own. */
  openChannel(options?: OpenOptions): Promise<RawChannel>;
}

/** `when` closes them; tests that run at the same time close theirs after all. */
export function useRawConnections(broker: () => Broker, when = afterEach): RawConnections {
  const opened: RawClient[] = [];
  const keep = (client: RawClient): RawClient => {
    opened.push(client);
    return client;
  };
  when(async () => {
    const clients = opened.splice(0);
    for (const client of clients) client.socket.destroy();
    await Promise.all(clients.map((client) => client.ended()));
  });
  const connect = async (options?: OpenOptions): Promise<RawClient> => keep(await RawClient.open(broker(), options));
  return {
    dial: async () => keep(await RawClient.dial(broker())),
    connect,
    openChannel: async (options) => (await connect(options)).openChannel(),
  };
}
