/**
 * Where one scenario is played: connections to the broker, names that nothing else uses, and the transcript. What must
 * hold: a line gets into the transcript when the scenario asks for what it tells, so its place never depends on timing;
 * whatever came and was not asked for stands at the end. Names are as long in every run, so texts are cut alike.
 */
import { randomBytes } from 'node:crypto';
import type { Broker } from '../support/broker.js';
import { type OpenOptions, RawClient } from '../support/raw-client.js';
import type { Administrator } from './administrator.js';
import { RecordedChannel } from './recorded-channel.js';
import { RecordedSocket } from './recorded-socket.js';
import { normalise } from './rendering.js';
import { ALL, type Rights, USER_PREFIX } from './users.js';

export interface ChannelOptions extends OpenOptions {
  /** Begins the channel's lines, when a scenario has several. */
  readonly label?: string;
}

export class Stage {
  readonly names: string[] = [];
  readonly #broker: Broker;
  readonly #prefix = `conf-${randomBytes(5).toString('hex')}-`;
  readonly #lines: string[] = [];
  readonly #clients: RawClient[] = [];
  readonly #channels: RecordedChannel[] = [];
  readonly #users: string[] = [];
  readonly #vhosts: string[] = [];

  constructor(
    broker: Broker,
    readonly administrator: Administrator,
  ) {
    this.#broker = broker;
  }

  /** How a user that scenarios share logs in. */
  login(user: string): OpenOptions {
    return loginAs(USER_PREFIX + user);
  }

  /** A user of this scenario's own, shown as `what`, with rights in the vhost '/' unless `rights` is null. */
  async user(what: string, rights: Partial<Rights> | null = {}, tags: readonly string[] = []): Promise<OwnUser> {
    const name = this.own(what);
    this.#users.push(name);
    await this.administrator.addUser(name, name, tags);
    if (rights !== null) await this.administrator.setPermissions({ user: name, vhost: '/', ...ALL, ...rights });
    return { name, login: loginAs(name) };
  }

  /** A vhost of this scenario's own, which the guest may enter. */
  async vhost(what = 'v'): Promise<string> {
    const name = this.own(what);
    this.#vhosts.push(name);
    await this.administrator.createVhost(name);
    await this.administrator.setPermissions({ user: 'guest', vhost: name, ...ALL });
    return name;
  }

  /** A name that nothing else has, shown as `what`. */
  own(what: string): string {
    return this.#prefix + what;
  }

  /** A name for a queue or an exchange, shown as `what`; whatever has it is deleted after the scenario. */
  name(what = 'q'): string {
    const name = this.own(what);
    this.names.push(name);
    return name;
  }

  note(line: string): void {
    this.#lines.push(normalise(line.replaceAll(this.#prefix, '').replaceAll(USER_PREFIX, '')));
  }

  /** A channel on a connection of its own. */
  async channel(options: ChannelOptions = {}): Promise<RecordedChannel> {
    const client = await RawClient.open(this.#broker, options);
    this.#clients.push(client);
    return this.channelOn(client, options.label);
  }

  /** One more channel of a connection. */
  async channelOn(client: RawClient, label = ''): Promise<RecordedChannel> {
    const raw = await client.openChannel();
    return this.adopt(client, raw.number, label);
  }

  /** A channel as the client sees it; nothing is sent. */
  adopt(client: RawClient, number: number, label = ''): RecordedChannel {
    const prefix = label === '' ? '' : `${label}: `;
    const channel = new RecordedChannel(client.channel(number), (line) => this.note(prefix + line));
    this.#channels.push(channel);
    return channel;
  }

  /** A socket on which nothing was said yet. */
  async socket(): Promise<RecordedSocket> {
    const client = await RawClient.dial(this.#broker);
    this.#clients.push(client);
    return new RecordedSocket(client, (line) => this.note(line));
  }

  /** A connection through the whole handshake, for what is said on channel 0 or in frames. */
  async connection(options: OpenOptions = {}): Promise<RecordedSocket> {
    const client = await RawClient.open(this.#broker, options);
    this.#clients.push(client);
    return new RecordedSocket(client, (line) => this.note(line));
  }

  /** Ends the scenario: what came unasked is told, connections are closed. Returns the transcript. */
  async end(): Promise<readonly string[]> {
    for (const channel of this.#channels) await channel.end();
    await this.abandon();
    return this.#lines;
  }

  async abandon(): Promise<void> {
    await Promise.all(
      this.#clients.map(async (client) => {
        client.socket.destroy();
        await client.ended();
      }),
    );
    for (const user of this.#users.splice(0)) await this.administrator.deleteUser(user);
    for (const vhost of this.#vhosts.splice(0)) await this.administrator.deleteVhost(vhost);
  }
}

export interface OwnUser {
  readonly name: string;
  readonly login: OpenOptions;
}

/** Everybody has their name for a password. */
function loginAs(name: string): OpenOptions {
  return { response: Buffer.from(`\0${name}\0${name}`) };
}
