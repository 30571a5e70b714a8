/**
 * A broker for tests: started and stopped by whoever runs them, killed and started again by a test. What must hold: it
 * stays where it is, at the same port, with the same clock, whatever is done to it; it leaves nothing behind.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, inside } from '../node/handle.js';
import type { ListenAddress } from '../node/listeners/address.js';
import type { BrokerOptions } from '../node/options.js';
import type { BrokerClock } from '../node/testing/broker-clock.js';
import type { TestNews, Unsettled } from '../node/testing/test-requests.js';
import { TestExchange } from './exchange.js';
import { Faults } from './faults.js';
import { type AskBroker, counted, TestQueue } from './queue.js';

/** What `Broker.start` takes. */
export interface TestBrokerOptions extends Omit<BrokerOptions, 'data'> {
  /** `temporary`: a directory that goes with the broker. If nothing is said, nothing is kept. */
  readonly data?: BrokerOptions['data'] | 'temporary';
}

/** How long a client may take to acknowledge after its test (ms). */
const SETTLE_MS = 1_000;

export class TestBroker {
  readonly #options: TestBrokerOptions;
  readonly #ask: AskBroker = (request) => inside.test(this.broker, request);
  readonly faults = new Faults(this.#ask, () => this.#crashAndRecover());
  #broker: Broker | null = null;
  /** Where the data is that goes with the broker; null: there is none. */
  #directory: string | null = null;
  readonly #exchanges = new Map<string, TestExchange>();
  /** How much was told of what was not acknowledged, by whose it is. */
  readonly #told = new Map<string, number>();

  constructor(options: TestBrokerOptions = {}) {
    this.#options = options;
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const broker = new TestBroker(options);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    if (this.#options.data === 'temporary') this.#directory = await mkdtemp(join(tmpdir(), 'leveret-test-'));
    await this.#open({}, null);
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
    this.#broker = null;
    this.#exchanges.clear();
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The broker itself; another one after `faults.crashAndRecover`. */
  get broker(): Broker {
    if (this.#broker === null) throw new Error('the broker runs only while tests do');
    return this.#broker;
  }

  /** What clients connect to. */
  get url(): string {
    return this.broker.url;
  }

  get port(): number {
    return this.broker.port;
  }

  /** Moved by `advance`, where the broker has `clock: 'manual'`. */
  get clock(): BrokerClock {
    return this.broker.clock;
  }

  queue(name: string, vhost = '/'): TestQueue {
    return new TestQueue(this.#ask, vhost, name);
  }

  /**
   * Resolves when what is published to an exchange is listened to; the exchange may be yet to come. Who calls it again
   * begins anew.
   */
  async exchange(name: string, vhost = '/'): Promise<TestExchange> {
    const key = keyOf(vhost, name);
    const known = this.#exchanges.get(key);
    if (known !== undefined) {
      known.clear();
      return known;
    }
    const exchange = new TestExchange(this.#ask, vhost, name);
    this.#exchanges.set(key, exchange);
    await this.#ask({ op: 'tap', vhost, exchange: name, isOn: true });
    return exchange;
  }

  /** What is published in a vhost is not listened to any more. */
  async forgetExchanges(vhost: string): Promise<void> {
    for (const [key, exchange] of this.#exchanges) {
      if (exchange.vhost !== vhost) continue;
      this.#exchanges.delete(key);
      await this.#ask({ op: 'tap', vhost: exchange.vhost, exchange: exchange.name, isOn: false });
    }
  }

  /**
   * Rejects when deliveries are not acknowledged, in a vhost (null: in any), of which this has not told before: names
   * queue, consumer tag, connection and count. Clients have `limit` ms to acknowledge the last of them.
   */
  async allAcknowledged(vhost: string | null = null, limit = SETTLE_MS): Promise<void> {
    const held = (most: number): Promise<readonly Unsettled[]> =>
      this.#ask({ op: 'await acknowledgements', vhost, limit: most });
    // Those that are known are not waited for.
    if (this.#untold(await held(0)).length === 0) return;
    const left = await held(limit);
    const untold = this.#untold(left);
    for (const one of left) this.#told.set(ownerOf(one), one.count);
    if (untold.length > 0) throw new Error(`messages were left unacknowledged:\n${untold.map(described).join('\n')}`);
  }

  #untold(left: readonly Unsettled[]): readonly Unsettled[] {
    return left.filter((one) => one.count > (this.#told.get(ownerOf(one)) ?? 0));
  }

  /** The broker does not keep the process alive. */
  unref(): void {
    inside.unref(this.broker);
  }

  async #open(place: Pick<BrokerOptions, 'port' | 'listeners'>, time: number | null): Promise<void> {
    const { data = null, ...options } = this.#options;
    const directory = this.#directory ?? '';
    const kept = data === 'temporary' ? { directory, diskFreeLimit: 0 } : data;
    // Clients are told themselves what is wrong with them, and vhosts go with their connections.
    const logLevels = { connection: 'none', ...options.logLevels } as const;
    this.#broker = await inside.start({ ...options, ...place, logLevels, data: kept }, time);
    inside.listen(this.#broker, (news) => this.#hear(news));
  }

  #hear(published: TestNews): void {
    this.#exchanges.get(keyOf(published.vhost, published.exchange))?.take(published);
  }

  async #crashAndRecover(): Promise<void> {
    const { broker } = this;
    const time = broker.clock.now();
    await inside.kill(broker);
    await this.#open(this.#samePlace(broker), time);
    for (const { vhost, name } of this.#exchanges.values())
      await this.#ask({ op: 'tap', vhost, exchange: name, isOn: true });
  }

  #samePlace({ port, listeners }: Broker): Pick<BrokerOptions, 'port' | 'listeners'> {
    const { listeners: asked } = this.#options;
    if (asked === undefined) return { port };
    const bound = (index: number): number | null => {
      const listener = listeners[index];
      return listener !== undefined && 'port' in listener ? listener.port : null;
    };
    return {
      listeners: asked.map((address, index): ListenAddress => {
        const taken = bound(index);
        return taken === null || address.kind === 'unix' ? address : { ...address, port: taken };
      }),
    };
  }
}

function ownerOf(held: Unsettled): string {
  return JSON.stringify({ ...held, count: 0 });
}

function described({ queue, vhost, consumerTag, connection, count }: Unsettled): string {
  const from = queue === null ? 'a queue that is gone' : `queue '${queue}' of vhost '${vhost}'`;
  const by = consumerTag === null ? 'basic.get or a cancelled consumer' : `consumer '${consumerTag}'`;
  return `- ${counted(count, 'message')} from ${from}, held by ${by} of connection '${connection}'`;
}

function keyOf(vhost: string, exchange: string): string {
  return JSON.stringify([vhost, exchange]);
}
