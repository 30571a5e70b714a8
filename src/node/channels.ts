/**
 * Channels of the program that embeds the broker, by shared memory with a worker. What must hold: none outlives the
 * broker; what they are made of is loaded for the first one; the memory of those that are closed is used again, since
 * each thread that has seen it keeps it until it next collects garbage.
 */
import type { Channel } from '../channel/channel.js';
import type { ChannelOptions } from '../channel/options.js';
import type { ProgramClient } from '../connection/transport/ring-transport.js';
import { createRingPair, renewRingPair } from '../platform/ring-pair.js';
import { oneOf, refuseUnknown, text } from './option-values.js';
import type { ResolvedOptions } from './options.js';

/** So much memory is kept for channels to come, in pairs of rings. */
const SPARE = 16;

export class ProgramChannels {
  readonly #beginning: ResolvedOptions['beginning'];
  readonly #attach: (client: ProgramClient) => void;
  readonly #open = new Set<Channel>();
  readonly #spare: SharedArrayBuffer[] = [];
  #isOver = false;

  /** `attach` has the broker let a client in; throws when there is no broker any more. */
  constructor({ beginning }: ResolvedOptions, attach: (client: ProgramClient) => void) {
    this.#beginning = beginning;
    this.#attach = attach;
  }

  /** Rejects with an `OptionError` when one is wrong, with a `ChannelError` when the user may not enter the vhost, or one of them is not there. */
  async open(options: ChannelOptions = {}): Promise<Channel> {
    checkOptions(options);
    const { vhost, user, name, mode } = options;
    const { Channel } = await import('../channel/channel.js');
    const rings = this.#takeRings();
    this.#attach({ rings, user: user ?? this.#beginning.user });
    const channel = new Channel(rings);
    this.#open.add(channel);
    const forget = (): void => {
      this.#open.delete(channel);
      if (this.#spare.length < SPARE && !this.#isOver) this.#spare.push(rings);
    };
    channel.closed.then(forget, forget);
    await channel.open(vhost ?? this.#beginning.vhost, { name: name ?? null, mode });
    return channel;
  }

  #takeRings(): SharedArrayBuffer {
    const at = this.#spare.findIndex(renewRingPair);
    const [rings = createRingPair()] = at === -1 ? [] : this.#spare.splice(at, 1);
    return rings;
  }

  /** There is no broker any more. */
  lost(error: Error): void {
    this.#isOver = true;
    this.#spare.length = 0;
    for (const channel of this.#open) channel.lost(error);
  }
}

/** They may come from a program without types. */
function checkOptions(options: ChannelOptions): void {
  refuseUnknown('', options, ['vhost', 'user', 'name', 'mode']);
  const { mode, ...names } = options;
  if (mode !== undefined) oneOf('mode', mode, ['confirm', 'transactions']);
  for (const [name, value] of Object.entries(names)) if (value !== undefined) text(name, value);
}
