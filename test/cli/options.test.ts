/**
 * The command's flags: what each means, what is refused, and in which words.
 */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { HELP } from '../../src/cli/config/help.js';
import { parseOptions } from '../../src/cli/options.js';
import {
  COMMAND_DEFAULTS,
  DEFAULTS,
  type ResolvedOptions,
  resolveOptions,
  workersFor,
} from '../../src/node/options.js';

const MIB = 1024 ** 2;

function served(...args: string[]): ResolvedOptions {
  const command = parseOptions(args);
  if (command.action !== 'serve') throw new Error(`not served: ${JSON.stringify(command)}`);
  return command.options;
}

function refusal(...args: string[]): string {
  const command = parseOptions(args);
  if (command.action !== 'refuse') throw new Error(`not refused: ${JSON.stringify(command)}`);
  return command.reason;
}

test('without flags it has the ports of RabbitMQ, the machine, data, and an HTTP API with a control socket', () => {
  const socket = { path: resolve('data/ctl.sock'), isNeeded: false };
  const { memory } = resolveOptions();
  expect(served()).toEqual(
    resolveOptions({
      host: 'localhost',
      port: 5672,
      workers: workersFor(memory, 1),
      data: {},
      management: { host: 'localhost', port: 15672, socket },
      logLevels: { default: 'info' },
    }),
  );
});

test('the help tells the defaults that hold', () => {
  const { port, data } = COMMAND_DEFAULTS;
  for (const value of [port, DEFAULTS.engine, data.durability, `./${data.directory}`]) {
    expect(HELP).toContain(`(default ${value})`);
  }
});

test('the HTTP API is by TLS alone where its plain port is 0, and needs a certificate for that', () => {
  const tls = ['--tls-cert', 'c', '--tls-key', 'k', '--https-port', '8443'];
  expect(served(...tls, '--http-port', '0').management).toMatchObject({ port: null, tlsPort: 8443 });
  expect(served(...tls).management).toMatchObject({ port: 15672, tlsPort: 8443 });
  expect(() => served('--https-port', '8443')).toThrow(/--https-port.* needs --tls-cert and --tls-key/);
});

test('every flag is taken as it was given', () => {
  const flags = [
    '--port',
    '0',
    '--host',
    '::1',
    '--workers',
    '3',
    '--engine',
    'js',
    '--memory',
    '512M',
    '--no-pin',
    '--announce',
    'Hare/1.2',
    '--anonymous',
    'visitor',
    '--password-hashing',
    'scrypt',
    '--connection-max',
    '7',
    '--http-port',
    '8080',
    '--http-host',
    '::1',
    '--metrics-port',
    '9419',
    '--metrics-host',
    '::1',
    '--ctl-socket',
    '/run/own.sock',
    '--log-level',
    'warning,connection=debug',
    '--log-level',
    'tls=none',
    '--log-exchange',
    '--otlp-endpoint',
    'http://collector:4318',
    '--proxy-protocol-from',
    '10.0.0.7',
    '--proxy-protocol-from',
    'fd00::/8',
  ];
  expect(served(...flags)).toEqual({
    listeners: [{ kind: 'tcp', host: '::1', port: 0 }],
    proxyProtocolFrom: ['10.0.0.7', 'fd00::/8'],
    tls: null,
    oauth: null,
    workers: 3,
    engine: 'js',
    memory: 512 * MIB,
    pin: false,
    files: null,
    clock: 'machine',
    announced: { product: 'Hare', version: '1.2' },
    anonymous: 'visitor',
    loadDefinitions: null,
    logExchange: true,
    otlp: { endpoint: 'http://collector:4318/v1/traces' },
    passwordHashing: 'scrypt',
    beginning: { user: 'guest', password: 'guest', vhost: '/' },
    limits: { ...DEFAULTS.limits, connectionMax: 7 },
    data: {
      directory: 'data',
      durability: 'fsync',
      diskFreeLimit: null,
      busyPoll: true,
      skipUnreadable: false,
      dropUnknownQueues: false,
    },
    management: {
      host: '::1',
      port: 8080,
      tlsPort: null,
      page: true,
      socket: { path: '/run/own.sock', isNeeded: true },
      metrics: { host: '::1', port: 9419 },
    },
    logLevels: { default: 'warning', connection: 'debug', tls: 'none' },
  });
});

test.each([
  ['64M', 64 * MIB],
  ['64m', 64 * MIB],
  ['64MiB', 64 * MIB],
  ['65536K', 64 * MIB],
  ['2G', 2048 * MIB],
  ['4GB', 4096 * MIB],
])('a memory of %s is understood', (text, bytes) => {
  expect(served('--memory', text).memory).toBe(bytes);
});

test('more workers than a memory holds are refused, and what they need is said', () => {
  const asked = ['--workers', '128', '--http-port', '0'];
  expect(served(...asked, '--memory', '1G').workers).toBe(128);
  const reason = '--workers 128 needs a memory of 1024M (--memory), and it is 1023M';
  expect(refusal(...asked, '--memory', '1023M')).toBe(reason);
});

test('the HTTP API needs the memory of a worker', () => {
  const reason = '--workers 128 needs a memory of 1032M (--memory), and it is 1024M';
  expect(refusal('--workers', '128', '--memory', '1G')).toBe(reason);
});

test('there is no HTTP API on port 0', () => {
  expect(served('--http-port', '0').management).toBeNull();
  const { management } = served('--http-port', '0', '--ctl-socket', '/run/own.sock');
  expect(management).toMatchObject({ port: null, socket: { path: '/run/own.sock', isNeeded: true } });
});

test.each(['', '512', '1M', '5G', '-1G', '1.5G', 'lots'])('a memory of "%s" is refused in one line', (text) => {
  expect(refusal(`--memory=${text}`)).toMatch(/^--memory must be a size from 16M to 4096M.*$/);
});

test.each([
  [['--port', '65536'], '--port must be a whole number from 0 to 65535'],
  [['--port', 'amqp'], '--port must be a whole number'],
  [['--workers', '0'], '--workers must be a whole number from 1 to 199'],
  [['--workers', '200'], '--workers must be a whole number from 1 to 199'],
  [['--engine', 'jit'], "--engine must be wasm or js, not 'jit'"],
  [['--announce', 'Hare'], "--announce must be a product and its version, such as RabbitMQ/3.13.7, not 'Hare'"],
  [
    ['--listen', 'hare:1'],
    "--listen must be tcp://HOST:PORT, tls://HOST:PORT, ws://HOST:PORT, wss://HOST:PORT or unix:///PATH, not 'hare:1'",
  ],
  [['--listen', 'wss://hare:1'], 'TLS needs both --tls-cert and --tls-key'],
  [
    ['--proxy-protocol-from', '10.0.0.0/33'],
    "--proxy-protocol-from must be an address or ADDRESS/BITS, not '10.0.0.0/33'",
  ],
  [['--listen', 'tcp://hare:1', '--port', '2'], '--port means nothing with --listen'],
  [['--listen', 'tcp://hare:1', '--host', 'hare'], '--host means nothing with --listen'],
  [['--tls-port', '5671'], 'TLS needs both --tls-cert and --tls-key'],
  [['--tls-ca', 'c'], 'TLS needs both --tls-cert and --tls-key'],
  [
    ['--tls-cert', 'c', '--tls-key', 'k', '--tls-verify', 'optional'],
    "--tls-verify 'optional' needs --tls-ca (or tls_ca): who may sign for clients",
  ],
  [['--tls-cert', 'c', '--tls-key', 'k', '--tls-verify', 'x'], '--tls-verify must be none, optional or required'],
  [['--tls-cert', 'c', '--tls-cert', 'd', '--tls-key', 'k'], '--tls-key must be given for each certificate'],
  [['--tls-cert', 'c', '--tls-key', 'k', '--tls-crl', 'r'], '--tls-crl means nothing where clients are asked for no'],
  [['--tls-cert', 'c', '--tls-key', 'k', '--tls-depth', '-1'], '--tls-depth must be a whole number from 0 to 100'],
  [['--tls-cert', 'c'], 'TLS needs both --tls-cert and --tls-key'],
  [['--listen', 'tls://hare'], 'TLS needs both --tls-cert and --tls-key'],
  [['--listen', 'tls://hare', '--tls-port', '1'], '--tls-port means nothing with --listen'],
  [
    ['--listen', 'tcp://hare', '--tls-cert', 'c', '--tls-key', 'k'],
    '--tls-cert means nothing without a --listen tls://HOST:PORT',
  ],
  [['--tls-cert', 'c', '--tls-key', 'k', '--tls-port', 'x'], '--tls-port must be a whole number'],
  [['--prot', '1'], "Unknown option '--prot'; the nearest is --port"],
  [['--nopin'], "Unknown option '--nopin'; the nearest is --no-pin"],
  [['--pin=no'], '--pin takes no value'],
  [['--port'], '--port needs a value: N'],
  [['serve'], "Unexpected argument 'serve'"],
])('%j is refused and says why', (args, reason) => {
  expect(refusal(...args)).toContain(reason);
});

test('each listener is taken as it was given', () => {
  expect(served('--listen', 'tcp://[::]:5673', '--listen', 'unix:///run/leveret.sock').listeners).toEqual([
    { kind: 'tcp', host: '::', port: 5673 },
    { kind: 'unix', path: '/run/leveret.sock' },
  ]);
});

test('TLS is listened for beside plain TCP, or alone', () => {
  const files = { certificate: ['c'], key: ['k'], depth: 1, revoked: [] };
  const flags = ['--tls-cert', 'c', '--tls-key', 'k'];
  expect(served(...flags, '--host', 'hare', '--tls-port', '7')).toMatchObject({
    listeners: [
      { kind: 'tcp', host: 'hare', port: 5672 },
      { kind: 'tls', host: 'hare', port: 7 },
    ],
    tls: files,
  });
  expect(served(...flags, '--listen', 'tls://hare')).toMatchObject({
    listeners: [{ kind: 'tls', host: 'hare', port: 5671 }],
    tls: files,
  });
});

test('help and version come before everything else', () => {
  expect(parseOptions(['--help', '--port', 'x'])).toEqual({ action: 'help', help: HELP });
  expect(parseOptions(['--version'])).toEqual({ action: 'version' });
});

test('log takes the directory to look at', () => {
  expect(parseOptions(['log', '/var/lib/leveret'])).toEqual({
    action: 'log',
    directory: '/var/lib/leveret',
    check: false,
  });
  expect(refusal('log')).toBe('log takes one data directory');
});

test('what outlasts the broker is where it was said to be, as durable as was asked for', () => {
  const flags = ['--data', '/d', '--durability', 'os', '--disk-free-limit', '2G', '--no-busy-poll'];
  expect(served(...flags).data).toMatchObject({
    directory: '/d',
    durability: 'os',
    diskFreeLimit: 2048 * MIB,
    busyPoll: false,
  });
  expect(served('--skip-unreadable').data).toMatchObject({ skipUnreadable: true, dropUnknownQueues: false });
  expect(served('--drop-unknown-queues').data).toMatchObject({ skipUnreadable: false, dropUnknownQueues: true });
  expect(served('--transient').data).toBeNull();
});

test('of two flags that say the opposite the last one counts', () => {
  expect(served('--no-pin', '--pin').pin).toBe(true);
  expect(served('--pin', '--no-pin').pin).toBe(false);
});

test.each([
  [['--durability', 'maybe'], 'maybe'],
  [['--disk-free-limit', 'much'], 'much'],
  [['--transient', '--data', '/d'], '--data'],
  [['--transient', '--no-busy-poll'], '--no-busy-poll'],
  [['--data', ''], '--data'],
])('%j is refused', (flags, word) => {
  expect(refusal(...flags)).toContain(word);
});

test("the socket of 'leveret ctl' is in the data directory, if there is one and nothing else was said", () => {
  expect(served('--data', '/d').management?.socket).toEqual({ path: '/d/ctl.sock', isNeeded: false });
  expect(served('--transient').management?.socket).toBeNull();
  expect(served('--ctl-socket', 'none').management?.socket).toBeNull();
});
