/** What a broker can be told by a program: what holds where nothing is said, and what is refused in which words. */
import { expect, test } from 'vitest';
import { type BrokerOptions, defaultMemory, OptionError, resolveOptions, workersFor } from '../../src/node/options.js';

const MIB = 1024 ** 2;

test('a broker that is told nothing serves this machine on a free port, by one worker, and leaves nothing behind', () => {
  expect(resolveOptions()).toMatchObject({
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    workers: 1,
    management: null,
    tls: null,
    engine: 'wasm',
    pin: true,
    announced: { product: 'RabbitMQ' },
    anonymous: null,
    loadDefinitions: null,
    passwordHashing: 'sha256',
    data: null,
  });
});

test('what is said holds, and leaves the rest as it is', () => {
  const data = { directory: '/d', durability: 'os' } as const;
  expect(resolveOptions({ port: 5672, memory: 64 * MIB + 7, data })).toEqual({
    ...resolveOptions(),
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 5672 }],
    memory: 64 * MIB,
    data: { ...resolveOptions({ data: {} }).data, ...data },
  });
  const files = { certificate: 'c', key: 'k' };
  expect(resolveOptions({ host: 'hare', tls: files })).toMatchObject({
    listeners: [
      { kind: 'tcp', host: 'hare', port: 0 },
      { kind: 'tls', host: 'hare', port: 0 },
    ],
    tls: { certificate: ['c'], key: ['k'], depth: 1, revoked: [] },
  });
  expect(resolveOptions({ data: {} }).data).toMatchObject({ directory: 'data', durability: 'fsync', busyPoll: true });
  expect(resolveOptions({ management: {} }).management).toMatchObject({ host: '127.0.0.1', port: 0, socket: null });
  expect(resolveOptions({ port: undefined })).toEqual(resolveOptions());
});

test.each([
  [{ port: 65536 }, 'port must be a whole number from 0 to 65535, not 65536'],
  [{ port: '5672' }, "port must be a whole number from 0 to 65535, not '5672'"],
  [{ workers: 0 }, /^workers must be a whole number from 1 to \d+, not 0$/],
  [{ workers: 3, memory: 16 * MIB }, '3 workers need a memory of 24 MiB, and there are 16'],
  [{ memory: 1024 }, 'memory must be a whole number from 16777216 to 4294967296, not 1024'],
  [{ host: '' }, "host must be a text that is not empty, not ''"],
  [{ engine: 'jit' }, "engine must be one of wasm, js, not 'jit'"],
  [{ pin: 'no' }, "pin must be true or false, not 'no'"],
  [{ anonymous: '' }, "anonymous must be a text that is not empty, not ''"],
  [{ passwordHashing: 'md5' }, "passwordHashing must be one of sha256, sha512, scrypt, not 'md5'"],
  [{ limits: { connectionMax: -1 } }, /^limits\.connectionMax must be a whole number from 0 to \d+, not -1$/],
  [{ limits: { connections: 1 } }, /^there is no option 'limits\.connections'; there are connectionMax, /],
  [{ data: { durability: 'maybe' } }, "data.durability must be one of fsync, os, none, not 'maybe'"],
  [{ data: { diskFreeLimit: -1 } }, /^data\.diskFreeLimit must be a whole number from 0 to \d+, not -1$/],
  [{ data: { dir: '/d' } }, /^there is no option 'data\.dir'; there are directory, /],
  [{ beginning: { password: '' } }, "beginning.password must be a text that is not empty, not ''"],
  [{ beginning: { user: 'é'.repeat(128) } }, 'beginning.user must be a name of at most 255 octets, not one of 256'],
  [{ beginning: { vhost: 'v'.repeat(256) } }, 'beginning.vhost must be a name of at most 255 octets, not one of 256'],
  [{ prot: 1 }, /^there is no option 'prot'; there are listeners, host, port, /],
  [{ listeners: [], port: 1 }, 'host and port mean nothing beside listeners: say all of them there'],
  [{ tls: { certificate: 'c' } }, 'tls.key must be a text that is not empty, not undefined'],
  [{ tls: { certificate: 'c', key: 'k', cert: 'c' } }, /^there is no option 'tls\.cert'; there are certificate, key, /],
  [{ tls: { certificate: 'c', key: 'k', port: -1 } }, 'tls.port must be a whole number from 0 to 65535, not -1'],
  [{ tls: { certificate: 'c', key: 'k', verify: 'required' } }, "tls.verify 'required' needs tls.authority"],
  [
    { tls: { certificate: ['c', 'd'], key: 'k' } },
    'tls.certificate and tls.key must be of the same number, not 2 and 1',
  ],
  [{ tls: { certificate: [], key: [] } }, 'tls.certificate and tls.key must be of the same number, not 0 and 0'],
  [{ tls: { certificate: 'c', key: 'k', revoked: 'r' } }, 'tls.revoked means nothing where clients are not asked'],
  [{ tls: { certificate: 'c', key: 'k', depth: 101 } }, 'tls.depth must be a whole number from 0 to 100, not 101'],
  [{ tls: { certificate: 'c', key: 'k', verify: 'maybe' } }, 'tls.verify must be one of none, optional, required'],
  [{ listeners: [], tls: { certificate: 'c', key: 'k' } }, 'a certificate means nothing without a TLS listener'],
  [{ listeners: [], tls: { certificate: 'c', key: 'k', port: 1 } }, 'tls.port means nothing beside listeners'],
  [{ listeners: [{ kind: 'tls', host: 'hare', port: 1 }] }, 'a TLS listener needs a certificate and its key'],
  [{ listeners: [{ kind: 'udp' }] }, 'listeners[0].kind must be one of tcp, tls, ws, wss, unix'],
  [
    { listeners: [{ kind: 'tcp', host: 'hare', port: -1 }] },
    'listeners[0].port must be a whole number from 0 to 65535, not -1',
  ],
  [
    { otlp: { endpoint: 'collector:4318' } },
    "otlp.endpoint must be a URL with http or https, such as http://127.0.0.1:4318, without user and password, not 'c",
  ],
  [{ otlp: { endpoint: 'http://a:b@collector:4318' } }, 'otlp.endpoint must be a URL with http or https'],
  [{ otlp: {} }, 'otlp.endpoint must be a text that is not empty, not undefined'],
  [{ otlp: { url: 'http://collector' } }, "there is no option 'otlp.url'; there are endpoint"],
])('%j is refused and says why', (wrong, reason) => {
  const resolve = (): unknown => resolveOptions(wrong as BrokerOptions);
  expect(resolve).toThrow(OptionError);
  expect(resolve).toThrow(reason);
});

test('memory is a share of the machine, whole MiB, within what the core can have', () => {
  expect(defaultMemory(1000 * MIB + 7)).toBe(400 * MIB);
  expect(defaultMemory(64 * 1024 * MIB)).toBe(4096 * MIB);
  expect(defaultMemory(MIB)).toBe(16 * MIB);
});

test.each([
  [64, 4096, 64],
  [128, 4096, 128],
  [512, 4096, 199],
  [128, 64, 8],
])('a machine of %i CPUs gets, with %i MiB for messages, %i workers', (cpus, memory, workers) => {
  expect(workersFor(memory * MIB, 0, cpus)).toBe(workers);
});

test.each([
  ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
  ['https://collector/otlp/', 'https://collector/otlp/v1/traces'],
  ['http://collector/v1/traces', 'http://collector/v1/traces'],
])('spans for %s go to %s', (endpoint, url) => {
  expect(resolveOptions({ otlp: { endpoint } }).otlp).toEqual({ endpoint: url });
});
