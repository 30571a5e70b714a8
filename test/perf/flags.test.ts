/** The flags of `leveret perf`: what each means, what is refused, and in which words. */
import { expect, test } from 'vitest';
import { PERF_HELP } from '../../src/cli/perf/help.js';
import { perfCommand } from '../../src/cli/perf/options.js';
import { FLAGS, PERF_KEYS } from '../../src/cli/perf/table.js';
import { parseEndpoint } from '../../src/client/endpoint.js';
import type { Plan } from '../../src/perf/plan.js';

function plan(...args: string[]): Plan {
  const command = perfCommand(args);
  if (command === null) throw new Error('help was wanted');
  return command.plan;
}

test('without flags there are one producer and one consumer on a queue of their own', () => {
  const { producers, consumers, queues, isQueueOwn, exchange, duration, messages } = plan();
  expect({ producers, consumers, isQueueOwn, exchange, duration }).toEqual({
    producers: 1,
    consumers: 1,
    isQueueOwn: true,
    exchange: { name: '', type: 'direct' },
    duration: null,
  });
  expect(messages.sizes).toEqual([{ value: 12, seconds: 1 }]);
  expect(queues).toHaveLength(1);
  expect(queues).not.toEqual(plan().queues);
});

test("PerfTest's letters mean what they mean there", () => {
  const letters = ['-x', '3', '-y', '2', '-s', '1000', '-q', '50', '-A', '10', '-c', '20', '-C', '5', '-D', '6'];
  const found = plan(...letters, '-r', '7', '-R', '8', '-z', '9', '-u', 'q', '-e', 'e', '-t', 'topic', '-k', 'a.b');
  expect(found).toMatchObject({
    producers: 3,
    consumers: 2,
    messages: { sizes: [{ value: 1000, seconds: 1 }] },
    prefetch: 50,
    ackEvery: 10,
    confirms: 20,
    producerMessages: 5,
    consumerMessages: 6,
    producerRates: [{ value: 7, seconds: 1 }],
    consumerRate: [{ value: 8, seconds: 1 }],
    duration: 9,
    queues: [{ name: 'q', bindingKey: 'a.b' }],
    exchange: { name: 'e', type: 'topic' },
    routingKey: 'a.b',
  });
});

test('queues are numbered, by a pattern or behind a name', () => {
  expect(plan('-u', 'q', '--queues', '2').queues.map(({ name }) => name)).toEqual(['q-1', 'q-2']);
  expect(plan('-u', 'a%d.z', '--queues', '2').queues.map(({ name }) => name)).toEqual(['a1.z', 'a2.z']);
  expect(plan('-u', 'one', '-u', 'two').queues.map(({ name }) => name)).toEqual(['one', 'two']);
});

test('sizes have units, rates and sizes change step by step, and arguments are what they look like', () => {
  expect(plan('-s', '64K').messages.sizes).toEqual([{ value: 65_536, seconds: 1 }]);
  expect(plan('--variable-rate', '100:60', '--variable-rate', '0:2.5').producerRates).toEqual([
    { value: 100, seconds: 60 },
    { value: 0, seconds: 2.5 },
  ]);
  expect(plan('--variable-size', '1K:1', '--variable-size', '2K:2').messages.sizes).toEqual([
    { value: 1024, seconds: 1 },
    { value: 2048, seconds: 2 },
  ]);
  expect(plan('--queue-arg', 'x-queue-type=quorum', '--queue-arg', 'x-max-length=10').queueArguments).toEqual({
    'x-queue-type': 'quorum',
    'x-max-length': 10,
  });
});

test('a URL tells where the broker is, who comes, and to which vhost', () => {
  expect(parseEndpoint('amqps://ann:s%2Fcret@[::1]:1234/a%2Fb')).toEqual({
    host: '::1',
    port: 1234,
    isTls: true,
    user: 'ann',
    password: 's/cret',
    vhost: 'a/b',
  });
  expect(parseEndpoint('amqp://host')).toMatchObject({ port: 5672, user: 'guest', password: 'guest', vhost: '/' });
  expect(plan('--url', 'amqp://a', '--url', 'amqp://b').endpoints.map(({ host }) => host)).toEqual(['a', 'b']);
});

test.each([
  [['--producer', '1'], "Unknown option '--producer'; the nearest is --producers"],
  [['much'], "Unexpected argument 'much'"],
  [['--size'], '--size needs a value: SIZE'],
  [['--json=yes'], '--json takes no value'],
  [['--producers', 'x'], "--producers must be a whole number from 0 to 100000, not 'x'"],
  [['-x', '1.5'], "--producers must be a whole number from 0 to 100000, not '1.5'"],
  [['--qos', '-1'], "--qos must be a whole number from 0 to 65535, not '-1'"],
  [['--size', '1G'], "--size must be octets up to 128M, such as 1024, 64K or 1M, not '1G'"],
  [['--size', '200M'], "--size must be octets up to 128M, such as 1024, 64K or 1M, not '200M'"],
  [['--rate', '0'], "--rate must be a number of messages a second above 0, not '0'"],
  [['--duration', '0'], "--duration must be a number of seconds above 0, not '0'"],
  [['--variable-rate', '100'], "--variable-rate must be RATE:SECONDS, such as 100:60, not '100'"],
  [['--variable-rate', '100:0'], "--variable-rate must be RATE:SECONDS, such as 100:60, not '100:0'"],
  [['--variable-rate', '0:1'], '--variable-rate must not be 0 throughout'],
  [['--variable-size', 'a:1'], "--variable-size must be SIZE:SECONDS, such as 1024:60, not 'a:1'"],
  [['--url', 'http://x'], "--url must be amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://, not 'http://x'"],
  [['--queue-arg', 'x'], "--queue-arg must be NAME=VALUE, not 'x'"],
  [['--clock', 'sun'], "--clock must be monotonic or wall, not 'sun'"],
  [['--queue', 'a'.repeat(256)], `--queue must be a name of at most 255 octets, not '${'a'.repeat(256)}'`],
  [['--queue', ''], '--queue must be a name with something in it'],
  [['-x', '0', '-y', '0'], '--producers and --consumers must not both be 0'],
  [['--rate', '1', '--variable-rate', '1:1'], '--rate means nothing with --variable-rate'],
  [['--multi-ack', '5', '--auto-ack'], '--multi-ack means nothing with --auto-ack'],
  [['--multi-ack', '5', '--prefetch', '4'], '--multi-ack must not be above --prefetch, which is 4'],
  [['--type', 'topic'], '--type means nothing without --exchange'],
  [['--predeclared'], '--predeclared means nothing without --queue'],
  [['--queue', 'a', '--queue', 'b', '--queues', '2'], '--queues means nothing with several --queue'],
  [['--property', 'priority=high'], "--property priority must be a whole number from 0 to 255, not 'high'"],
  [['--tls-ca', '/nowhere/ca.pem'], /^--tls-ca cannot be read: ENOENT/],
  [['--tls-cert', 'a'], '--tls-cert means nothing without --tls-key'],
])('%j is refused in one line', (args, reason) => {
  expect(() => perfCommand(args)).toThrow(reason);
  expect(() => perfCommand(args)).toThrow(/^[^\n]*$/);
});

test('the help tells all flags, and no letter stands for two', () => {
  expect(perfCommand(['--help'])).toBeNull();
  for (const key of PERF_KEYS) expect(PERF_HELP).toContain(`--${key}`);
  const letters = Object.values(FLAGS).flatMap((flag) => ('short' in flag ? [flag.short] : []));
  expect(new Set(letters).size).toBe(letters.length);
  expect(PERF_HELP.split('\n').filter((line) => line.length > 100)).toEqual([]);
});
