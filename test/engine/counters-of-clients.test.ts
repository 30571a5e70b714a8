/** What participants count by channel, connection, exchange and vhost, against what their clients did. */
import { describe, expect, test } from 'vitest';
import {
  ChannelCounter,
  type CounterList,
  type Engine,
  ExchangeCounter,
  VhostCounter,
} from '../../src/engine/engine.js';
import { randomNumbers } from '../support/fragments.js';
import { Bench, type Client, ENGINES } from './support/bench.js';
import { ack, nack, publish } from './support/frames.js';
import { text } from './support/scenario.js';

const SEED = Date.now() % 2 ** 31 || 1;
const SEGMENT = 2 ** 20;

const VHOST: CounterList = 1;
const EXCHANGE: CounterList = 2;

function ofChannel(engine: Engine, channel: number) {
  return named(ChannelCounter, (counter) => engine.countedOf(channel, counter));
}

function ofEnded(engine: Engine, { core }: Client) {
  return named(ChannelCounter, (counter) => engine.countedOfEnded(core, counter));
}

function ofVhost(engine: Engine, list = VHOST) {
  return named(VhostCounter, (counter) => engine.countedIn(list, counter));
}

function ofExchange(engine: Engine, list = EXCHANGE) {
  return named(ExchangeCounter, (counter) => engine.countedIn(list, counter));
}

/** What is counted, without what is 0. */
function named<C extends number>(counters: { readonly [name: string]: C }, counted: (counter: C) => number) {
  const all = Object.entries(counters).map(([name, counter]) => [name, counted(counter)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

describe.each(ENGINES)('%s', (kind) => {
  test('what a client does is counted for its channel, its connection, the exchange and the vhost', async () => {
    const bench = await Bench.open(kind);
    const { coordinator } = bench;
    expect([VHOST, EXCHANGE].map((list) => coordinator.openCounters(list))).toEqual([true, true]);
    const engine = bench.engine();
    for (const name of ['one', 'two', 'asked']) bench.queue(name);
    bench.routes.set('both', ['one', 'two']);
    bench.routes.set('nowhere', []);
    bench.asked.add('asked');
    for (const key of ['one', 'both', 'nowhere']) bench.counters.set(key, EXCHANGE);
    const client = bench.client();
    engine.setVhost(client.core, 0, VHOST);
    const channel = client.open(1);
    engine.setConfirm(channel);
    const sent = Buffer.concat([
      publish(1, 'one', text('1')),
      publish(1, 'one', text('2')),
      publish(1, 'both', text('3')),
      publish(1, 'nowhere', text('4')),
      publish(1, 'asked', text('5')),
    ]);
    client.feed(sent);
    bench.serve();
    const published = { PUBLISHED: 5, CONFIRMED: 5, DROPPED: 1 };
    expect(ofChannel(engine, channel)).toEqual(published);
    expect(ofExchange(engine)).toEqual({ PUBLISHED_IN: 4, PUBLISHED_OUT: 4 });
    const octets = { OCTETS_IN: sent.length, OCTETS_OUT: client.stream().length };
    expect(ofVhost(engine)).toEqual({ ...published, ...octets });
    // What the host alone knows.
    engine.countOf(channel, ChannelCounter.RETURNED, 1);
    engine.countOf(channel, ChannelCounter.GOT_EMPTY, 2);
    engine.countIn(EXCHANGE, ExchangeCounter.PUBLISHED_IN, 3);
    expect(ofExchange(coordinator)).toEqual({ PUBLISHED_IN: 7, PUBLISHED_OUT: 4 });
    expect(ofVhost(coordinator)).toEqual({ ...published, ...octets, RETURNED: 1 });

    const other = client.open(2);
    client.consume(2, 'one');
    bench.serve();
    client.feed(Buffer.concat([ack(2, 1), nack(2, 2, false, true), nack(2, 3, false, false)]));
    bench.serve();
    expect(ofChannel(engine, other)).toEqual({ DELIVERED: 4, REDELIVERED: 1, ACKNOWLEDGED: 1 });
    client.consume(1, 'two', { noAck: true });
    bench.serve();
    const asked = bench.queue('asked');
    expect(engine.get(channel, asked, false)).toBe(true);
    expect(engine.get(channel, asked, true)).toBe(false);
    expect(ofChannel(engine, channel)).toEqual({
      ...published,
      RETURNED: 1,
      DELIVERED: 2,
      DELIVERED_NO_ACK: 1,
      GOT: 1,
      GOT_EMPTY: 2,
    });

    expect(ofEnded(engine, client)).toEqual({});
    engine.freeChannel(other);
    client.channels.delete(2);
    expect(ofEnded(engine, client)).toEqual({ DELIVERED: 4, REDELIVERED: 1, ACKNOWLEDGED: 1 });
    // The number is another channel's now.
    expect(ofChannel(engine, client.open(2))).toEqual({});
  });

  test('a connection whose vhost goes is counted for none, and the next list of this number begins at nothing', async () => {
    const bench = await Bench.open(kind);
    const { coordinator } = bench;
    const engine = bench.engine();
    coordinator.openCounters(VHOST);
    const client = bench.client();
    client.open(1);
    bench.queue('q');
    engine.setVhost(client.core, 0, VHOST);
    client.feed(publish(1, 'q', text('-')));
    expect(ofVhost(coordinator)).toMatchObject({ PUBLISHED: 1 });
    engine.countForVhost(client.core, 0);
    coordinator.closeCounters(VHOST);
    client.feed(publish(1, 'q', text('-')));
    expect(ofVhost(coordinator)).toEqual({});
    engine.setVhost(client.core, 0, VHOST);
    client.feed(publish(1, 'q', text('-')));
    expect(ofVhost(coordinator)).toMatchObject({ PUBLISHED: 1 });
  });

  test('a list of a number that nobody has opened counts nothing', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    for (const list of [0, 1, 2 ** 20]) {
      engine.countIn(list, ExchangeCounter.PUBLISHED_IN, 1);
      expect(engine.countedIn(list, ExchangeCounter.PUBLISHED_IN)).toBe(0);
    }
    expect(bench.coordinator.openCounters(2 ** 20)).toBe(false);
  });

  test(`lists that come and go cost what those that are there need, and each tells its own (seed ${SEED})`, async () => {
    const workers = 4;
    const bench = await Bench.open(kind, { workers, mebibytes: 64 });
    const { coordinator } = bench;
    const random = randomNumbers(SEED);
    const most = 300;
    /** The lists that are open, what was counted in each, and by whom. */
    const open = new Map<CounterList, { count: number; by: Set<number> }>();
    const begin = coordinator.memoryUsed();
    const heads = 4096;
    for (let step = 0; step < 5000; step++) {
      const list = 1 + Math.floor(random() * most);
      const known = open.get(list);
      if (known === undefined) {
        expect(coordinator.openCounters(list)).toBe(true);
        open.set(list, { count: 0, by: new Set() });
      } else if (random() < 0.3) {
        coordinator.closeCounters(list);
        open.delete(list);
      } else {
        const worker = Math.floor(random() * workers);
        const more = 1 + Math.floor(random() * 1000);
        bench.engine(worker).countIn(list, ExchangeCounter.PUBLISHED_IN, more);
        known.count += more;
        known.by.add(worker);
      }
    }
    let cells = 0;
    for (const [list, { count, by }] of open) {
      expect(coordinator.countedIn(list, ExchangeCounter.PUBLISHED_IN)).toBe(count);
      cells += Math.ceil(by.size / 3);
    }
    expect(coordinator.memoryUsed() - begin).toBe(heads + cells * 512);
    for (const list of open.keys()) coordinator.closeCounters(list);
    expect((coordinator.memoryUsed() - begin) % SEGMENT).toBe(heads);
  });
});
