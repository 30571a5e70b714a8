/**
 * Clients of several users and vhosts that come and go in every way, open channels, queues, bindings and consumers,
 * while the limits change all the time. What must hold: no count grows beyond its limit, nobody is refused for another
 * reason, and when all have gone every count is 0 again.
 */
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/broker/requests/node-limits.js';
import type { Broker as Embedded } from '../../../src/index.js';
import { type Broker, isReferee } from '../../support/broker.js';
import { startEmbedded } from '../../support/embedded.js';
import { randomNumbers } from '../../support/fragments.js';
import { RawClient } from '../../support/raw-client.js';
import { eventually } from '../../support/waiting.js';

const USERS = ['ann', 'bob'];
const VHOSTS = ['north', 'south'];
const ACTORS = 10;
const STEPS = 30;
/** What clients may be told. */
const REFUSALS = [
  /^NOT_ALLOWED - .* limit \(\d+\) is reached$/,
  /^NOT_ALLOWED - number of channels opened .* has reached the maximum allowed (user )?limit of \(\d+\)$/,
  /^NOT_ALLOWED - reached maximum \(\d+\) of consumers per channel$/,
  /^PRECONDITION_FAILED - cannot (declare|bind) queue .* is reached$/,
  /^ACCESS_REFUSED - Login was refused/,
];

type Below = (bound: number) => number;

function oneOf<T>(below: Below, all: readonly T[]): T {
  return all[below(all.length)] as T;
}

/** One client after the other, each doing what comes to its mind. */
class Actor {
  readonly #broker: Broker;
  readonly #below: Below;
  #client: RawClient | null = null;
  #channels = new Set<number>();
  readonly refusals: string[] = [];

  constructor(broker: Broker, below: Below) {
    this.#broker = broker;
    this.#below = below;
  }

  async step(): Promise<void> {
    const client = this.#client;
    try {
      if (client === null) await this.#come();
      else await this.#act(client);
    } catch (error) {
      const gone = this.#client;
      // The broker has closed the connection, and said why.
      if (!gone?.closing) throw error;
      this.refusals.push(gone.closing.replyText);
      this.#cut();
    }
  }

  async leave(): Promise<void> {
    if (this.#below(2) === 0) return this.#cut();
    await this.#client?.close();
    this.#client = null;
  }

  #cut(): void {
    this.#client?.cut();
    this.#client = null;
  }

  async #come(): Promise<void> {
    this.#channels = new Set();
    this.#client = await RawClient.dial(this.#broker);
    const user = oneOf(this.#below, USERS);
    const password = this.#below(60) === 0 ? 'wrong' : user;
    const tune = await this.#client.startUp({ response: Buffer.from(`\0${user}\0${password}`) });
    this.#client.tune({ ...tune, heartbeat: 0 });
    this.#client.send('connection.open', { virtualHost: oneOf(this.#below, VHOSTS) });
    // Some do not wait to hear whether they are in.
    if (this.#below(8) === 0) this.#cut();
    else await this.#client.expect('connection.open-ok');
  }

  async #act(client: RawClient): Promise<void> {
    const number = 1 + this.#below(4);
    const choice = this.#below(10);
    if (choice === 0) return this.leave();
    if (!this.#channels.has(number)) {
      await client.openChannel(number);
      this.#channels.add(number);
    } else if (choice < 3) {
      this.#channels.delete(number);
      await client.channel(number).close();
    } else await this.#use(client, number);
  }

  /** A queue, a binding or a consumer more; a refusal may end the channel. */
  async #use(client: RawClient, number: number): Promise<void> {
    const channel = client.channel(number);
    try {
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      await channel.call('queue.bind', { queue, exchange: 'amq.fanout' });
      if (this.#below(2) === 0) await channel.consume(queue);
      else await channel.call('queue.delete', { queue });
    } catch (error) {
      if (client.closing !== null) throw error;
      this.#channels.delete(number);
      this.refusals.push((await channel.failure()).replyText);
    }
  }
}

/** Changes the limits, and looks whether they are kept. */
class Administrator {
  readonly #embedded: Embedded;
  readonly #below: Below;
  readonly #context: string;
  readonly #limits = new Map<string, number>();
  readonly #ofUsers = new Map<string, Record<string, number>>();
  #before: ReadonlyMap<string, number> = new Map();

  constructor(embedded: Embedded, below: Below, context: string) {
    this.#embedded = embedded;
    this.#below = below;
    this.#context = context;
  }

  /** What is there beyond a limit was there when it was lowered, and gets no more. */
  async check(): Promise<void> {
    const now = await this.#counts();
    for (const [what, count] of now) {
      const most = Math.max(this.#limits.get(what) ?? Number.POSITIVE_INFINITY, this.#before.get(what) ?? 0);
      expect(count, `${what}, ${this.#context}`).toBeLessThanOrEqual(most);
    }
    this.#before = now;
  }

  async change(): Promise<void> {
    const { administration } = this.#embedded;
    const most = this.#below(12);
    switch (this.#below(3)) {
      case 0: {
        const user = oneOf(this.#below, USERS);
        const kind = oneOf(this.#below, ['connections', 'channels']);
        const limits = { ...this.#ofUsers.get(user), [`max-${kind}`]: most };
        this.#ofUsers.set(user, limits);
        return this.#set({ [`${kind} of ${user}`]: most }, () => administration.setLimits('user', user, limits));
      }
      case 1: {
        const vhost = oneOf(this.#below, VHOSTS);
        const limits = { 'max-connections': most, 'max-queues': this.#below(8) };
        return this.#set({ [`connections of ${vhost}`]: most }, () => administration.setLimits('vhost', vhost, limits));
      }
      default: {
        const more = most + 4;
        const all = { connectionMax: most, channelMaxPerNode: more };
        const limits = { ...all, consumerMaxPerChannel: this.#below(4), bindingMaxPerVhost: this.#below(8) };
        return this.#set({ connections: most, channels: more }, () => this.#embedded.reconfigure({ limits }));
      }
    }
  }

  /** Between both looks at the counts either limit may hold. */
  async #set(limits: Readonly<Record<string, number>>, change: () => Promise<unknown>): Promise<void> {
    await this.check();
    for (const what of Object.keys(limits)) this.#limits.delete(what);
    await change();
    await this.check();
    for (const [what, limit] of Object.entries(limits)) this.#limits.set(what, limit);
  }

  async #counts(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const add = (what: string, count: number): void => void counts.set(what, (counts.get(what) ?? 0) + count);
    for (const { user, vhost, channels } of await this.#embedded.administration.connections()) {
      for (const what of ['connections', `connections of ${user}`, `connections of ${vhost}`]) add(what, 1);
      for (const what of ['channels', `channels of ${user}`]) add(what, channels);
    }
    return counts;
  }

  /** From now on there may be one of each. */
  async allowOne(): Promise<void> {
    const { administration } = this.#embedded;
    const one = { 'max-connections': 1 };
    for (const user of USERS) await administration.setLimits('user', user, { ...one, 'max-channels': 1 });
    for (const vhost of VHOSTS) await administration.setLimits('vhost', vhost, { ...one, 'max-queues': 1 });
    const sockets = { connectionMax: 1, connectionMaxPerAddress: 1 };
    const things = { channelMaxPerNode: 1, clusterQueueLimit: 1, bindingMaxPerVhost: 1 };
    await this.#embedded.reconfigure({ limits: { ...DEFAULT_LIMITS, ...sockets, ...things } });
  }
}

async function addUsersAndVhosts({ administration }: Embedded): Promise<void> {
  const rights = { configure: '.*', write: '.*', read: '.*' };
  for (const vhost of VHOSTS) await administration.createVhost(vhost);
  for (const user of USERS) {
    await administration.users.add(user, user);
    for (const vhost of VHOSTS) await administration.users.setPermissions({ user, vhost, ...rights });
  }
}

test.skipIf(isReferee)(
  'counts keep to their limits, and are 0 when all have gone',
  async () => {
    const seed = 1 + Math.floor(Math.random() * 2 ** 31);
    const random = randomNumbers(seed);
    const below: Below = (bound) => Math.floor(random() * bound);
    const { embedded, broker } = await startEmbedded();
    try {
      await addUsersAndVhosts(embedded);
      const administrator = new Administrator(embedded, below, `seed ${seed}`);
      const actors = Array.from({ length: ACTORS }, () => new Actor(broker, below));
      let isOver = false;
      const acts = actors.map(async (actor) => {
        for (let step = 0; step < STEPS; step++) await actor.step();
      });
      const over = Promise.all(acts).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await administrator.change();
        for (let look = 0; look < 2; look++) await administrator.check();
      }
      await over;
      const refusals = actors.flatMap((actor) => actor.refusals);
      expect(refusals.filter((text) => !REFUSALS.some((words) => words.test(text)))).toEqual([]);
      expect(refusals.length, `seed ${seed}`).toBeGreaterThan(0);

      for (const actor of actors) await actor.leave();
      await eventually(
        'everybody to be gone',
        () => embedded.administration.connections(),
        (list) => list.length === 0,
      );
      // There is room for one of each, so nothing counts that is not there.
      await administrator.allowOne();
      for (const virtualHost of VHOSTS) {
        const response = Buffer.from(`\0ann\0ann`);
        const client = await eventually(
          'room for a socket',
          () => RawClient.open(broker, { virtualHost, response }).catch(() => null),
          (opened) => opened !== null,
        );
        const channel = await client?.openChannel();
        const declared = await channel?.call('queue.declare', { exclusive: true });
        await channel?.call('queue.bind', { queue: declared?.queue ?? '', exchange: 'amq.fanout' });
        await client?.close();
        await eventually(
          'the client to be gone',
          () => embedded.administration.connections(),
          (list) => list.length === 0,
        );
      }
    } finally {
      await embedded.stop();
    }
  },
  60_000,
);
