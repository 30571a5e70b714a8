/**
 * Methods tried one after the other, each on a channel of its own, by a user who may do what the last word of a name
 * says: c to configure, w to write, r to read. Each line of the transcript begins with what was tried.
 */
import type { MethodName } from '../../src/amqp/protocol.js';
import type { Fields } from '../support/methods.js';
import type { PublishOptions } from '../support/raw-channel.js';
import type { OpenOptions, RawClient } from '../support/raw-client.js';
import type { RecordedChannel } from './recorded-channel.js';
import type { Stage } from './stage.js';

/** Each set of rights that somebody may have on something. */
export const SETS = ['', 'c', 'w', 'r', 'cw', 'cr', 'wr', 'cwr'] as const;

export class Attempts {
  readonly #stage: Stage;
  readonly #client: RawClient;
  /** Of the guest, who prepares what the others meet. */
  readonly guest: RecordedChannel;

  private constructor(stage: Stage, client: RawClient, guest: RecordedChannel) {
    this.#stage = stage;
    this.#client = client;
    this.guest = guest;
  }

  static async by(stage: Stage, login: OpenOptions = stage.login('limited')): Promise<Attempts> {
    const guest = await stage.channel({ label: 'guest' });
    return new Attempts(stage, (await stage.connection(login)).client, guest);
  }

  /** A channel whose lines begin with `label`. */
  channel(label: string): Promise<RecordedChannel> {
    return this.#stage.channelOn(this.#client, label);
  }

  /** Tries a method. One that is to have no answer is followed by one that has. */
  async call<N extends MethodName>(label: string, name: N, fields: Fields<N> = {}): Promise<void> {
    const channel = await this.channel(label);
    channel.send(name, fields);
    const isSilent = 'nowait' in fields && fields.nowait === true;
    const answer = await (isSilent ? channel.syncOrFailure().then(() => null) : channel.answer());
    if (answer?.name !== 'channel.close') await channel.closeIfOpen();
  }

  async publish(label: string, exchange: string, key: string, options: PublishOptions = {}): Promise<void> {
    const channel = await this.channel(label);
    channel.publish(exchange, key, 'm', options);
    await channel.syncOrFailure();
    await channel.closeIfOpen();
  }

  /** A queue that the guest declares, shown as `what`. */
  queue(what: string): Promise<string> {
    return this.guest.queue(this.#stage.name(what));
  }

  exchange(what: string, type = 'fanout'): Promise<string> {
    return this.guest.exchange(this.#stage.name(what), type);
  }

  name(what: string): string {
    return this.#stage.name(what);
  }
}
