/**
 * Channels of the program that embeds the broker, by shared memory with a worker. What must hold: none outlives the
 * broker; what they are made of is loaded for the first one.
 */
import type { Channel } from '../channel/channel.js';
import type { ChannelOptions } from '../channel/options.js';
import type { ProgramClient } from '../connection/transport/ring-transport.js';
import { createRingPair } from '../platform/ring-pair.js';
import type { ResolvedOptions } from './options.js';

export class ProgramChannels {
  readonly #beginning: ResolvedOptions['beginning'];
  readonly #attach: (client: ProgramClient) => void;
  readonly #open = new Set<Channel>();

  /** `attach` has the broker let a client in; throws when there is no broker any more. */
  constructor({ beginning }: ResolvedOptions, attach: (client: ProgramClient) => void) {
    this.#beginning = beginning;
    this.#attach = attach;
  }

  /** Rejects with a `ChannelError` when the user may not enter the vhost, or one of them is not there. */
  async open({ vhost, user, name, mode }: ChannelOptions = {}): Promise<Channel> {
    const { Channel } = await import('../channel/channel.js');
    const rings = createRingPair();
    this.#attach({ rings, user: user ?? this.#beginning.user });
    const channel = new Channel(rings);
    this.#open.add(channel);
    const forget = (): void => void this.#open.delete(channel);
    channel.closed.then(forget, forget);
    await channel.open(vhost ?? this.#beginning.vhost, { name: name ?? null, mode });
    return channel;
  }

  /** There is no broker any more. */
  lost(error: Error): void {
    for (const channel of this.#open) channel.lost(error);
  }
}
