/** A vhost that one test has for itself, in a broker that others use, too. */
import { randomBytes } from 'node:crypto';
import type { TestBroker } from './broker.js';
import type { TestExchange } from './exchange.js';
import type { TestQueue } from './queue.js';

const ALL = { configure: '.*', write: '.*', read: '.*' };

export class TestVhost {
  readonly #brokerNow: () => TestBroker;
  #name: string | null = null;

  constructor(broker: () => TestBroker) {
    this.#brokerNow = broker;
  }

  /** The broker that it is in. */
  get broker(): TestBroker {
    return this.#brokerNow();
  }

  get name(): string {
    if (this.#name === null) throw new Error('there is a vhost only while a test runs');
    return this.#name;
  }

  /** What clients connect to. */
  get url(): string {
    const url = new URL(this.broker.url);
    url.pathname = `/${encodeURIComponent(this.name)}`;
    return url.href;
  }

  queue(name: string): TestQueue {
    return this.broker.queue(name, this.name);
  }

  /** Resolves when what is published to an exchange is listened to; the exchange may be yet to come. */
  exchange(name: string): Promise<TestExchange> {
    return this.broker.exchange(name, this.name);
  }

  async open(): Promise<void> {
    const name = `test-${randomBytes(6).toString('hex')}`;
    const { administration, url } = this.broker.broker;
    await administration.createVhost(name);
    const user = decodeURIComponent(new URL(url).username);
    await administration.users.setPermissions({ user, vhost: name, ...ALL });
    this.#name = name;
  }

  /** Deletes it with all that is in it, and closes the connections to it. */
  async close(): Promise<void> {
    const { name } = this;
    this.#name = null;
    await this.broker.forgetExchanges(name);
    await this.broker.broker.administration.deleteVhost(name);
  }
}
