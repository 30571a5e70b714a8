/** Routes that the core asks for: read from its memory, whatever octets names have, and never older than the view. */
import { beforeEach, expect, test } from 'vitest';
import { encodeText } from '../../src/amqp/text.js';
import { principalOfUser } from '../../src/broker/access/principal.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { type Origin, RouteFinder } from '../../src/connection/routes/route-finder.js';
import { type Engine, RouteFlag } from '../../src/engine/engine.js';

const SETTINGS = {
  deadLetterExchange: null,
  deadLetterRoutingKey: null,
  keepsDeadLetters: false,
  consumerTimeout: null,
};
const QUEUE = { durable: false, autoDelete: false, owner: null, arguments: new Map(), cacheMemory: null, logId: 0 };

/** A core that stands at a key, as far as routes need one. */
class Core {
  readonly bytes = new Uint8Array(new SharedArrayBuffer(1024));
  readonly frameOffset = 100;
  frameLength = 0;
  readonly installed: (readonly number[] | 'asks the host')[] = [];

  installRoute(_connection: number, queues: readonly number[], flags: number): void {
    this.installed.push(flags === RouteFlag.ASK_HOST ? 'asks the host' : [...queues]);
  }
}

let core: Core;
let view: TopologyView;
let finder: RouteFinder;
beforeEach(() => {
  core = new Core();
  view = new TopologyView();
  finder = new RouteFinder(core as unknown as Engine, view);
});

function declare(queue: string, ref: number): void {
  view.apply({ kind: 'queue.declared', vhost: '/', queue, id: ref, ref, settings: SETTINGS, ...QUEUE });
}

function origin(user: string): Origin {
  return { core: 1, id: 1, vhost: '/', principal: principalOfUser(view.accounts, user) };
}

/** What is installed for a key. */
function route(exchange: Uint8Array, key: Uint8Array, user = 'guest'): readonly number[] | 'asks the host' {
  const octets = Uint8Array.of(exchange.length, ...exchange, key.length, ...key);
  core.bytes.set(octets, core.frameOffset);
  core.frameLength = octets.length;
  finder.install(origin(user));
  return core.installed.at(-1) ?? 'asks the host';
}

test('a key leads to its queue, in ASCII and beyond; what is no text is refused', () => {
  const names = ['plain', 'grün', '\u{1f407}'];
  names.forEach((name, index) => {
    declare(name, index + 1);
  });
  names.forEach((name, index) => {
    expect(route(encodeText(''), encodeText(name))).toEqual([index + 1]);
  });
  expect(() => route(encodeText(''), Uint8Array.of(0xff, 0x41))).toThrow('Malformed UTF-8');
});

test('exchanges that take turns are told apart, and users too', () => {
  declare('q', 1);
  const bound = {
    kind: 'bound',
    vhost: '/',
    destination: 'q',
    destinationKind: 'queue',
    arguments: new Map(),
  } as const;
  view.apply({ ...bound, source: 'amq.topic', routingKey: 'a.*' });
  for (let round = 0; round < 3; round++) {
    expect(route(encodeText('amq.topic'), encodeText('a.b'))).toEqual([1]);
    expect(route(encodeText('amq.direct'), encodeText('a.b'))).toEqual([]);
    expect(route(encodeText('amq.headers'), encodeText('a.b'))).toBe('asks the host');
  }
  expect(() => route(encodeText('amq.topic'), encodeText('a.b'), 'nobody')).toThrow();
});

test('a change of the view counts at once', () => {
  expect(route(encodeText(''), encodeText('q'))).toEqual([]);
  declare('q', 1);
  expect(route(encodeText(''), encodeText('q'))).toEqual([1]);
  view.apply({ kind: 'permissions.cleared', user: 'guest', vhost: '/' });
  expect(() => route(encodeText(''), encodeText('q'))).toThrow(/access to exchange 'amq.default'/);
});
