/**
 * Definitions outlast the process, whatever ends it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type Definition, type DefinitionKind, Definitions } from '../../dist/store/definitions.js';
import { temporaryDirectory } from './support/directories.js';

const module = new URL('../../dist/store/definitions.js', import.meta.url).href;
const NOTHING = new Uint8Array(0);

const SAMPLES: { readonly [K in DefinitionKind]: Definition<K> } = {
  vhost: { name: '/', description: 'the first', tags: ['a'] },
  exchange: {
    vhost: '/',
    name: 'events',
    type: 'topic',
    autoDelete: false,
    internal: true,
    arguments: Uint8Array.of(1, 0, 255),
  },
  queue: { vhost: '/', name: 'jobs é', id: 7, autoDelete: false, arguments: NOTHING },
  binding: {
    vhost: '/',
    source: 'events',
    destination: 'jobs é',
    destinationType: 'queue',
    routingKey: 'a.#',
    arguments: NOTHING,
  },
  user: {
    name: 'guest',
    passwordHash: 'abc',
    hashingAlgorithm: 'rabbit_password_hashing_sha256',
    tags: ['administrator'],
  },
  permission: { user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '^$' },
  topicPermission: { user: 'guest', vhost: '/', exchange: 'events', write: '^a', read: '.*' },
  policy: {
    vhost: '/',
    name: 'short',
    operator: true,
    pattern: '^jobs',
    applyTo: 'queues',
    priority: 3,
    definition: { 'max-length': 10 },
  },
  limits: { scope: 'user', name: 'guest', limits: { 'max-channels': 10 } },
  globalParameter: { name: 'cluster_name', value: '"burrow"' },
};
const KINDS = Object.keys(SAMPLES) as DefinitionKind[];

test.each(KINDS)('a %s is there after a restart, and gone after it was removed', async (kind) => {
  const path = await temporaryDirectory();
  let definitions = Definitions.open(path);
  await definitions.put(kind, SAMPLES[kind]);
  await definitions.close();
  definitions = Definitions.open(path);
  const [found, ...others] = definitions.list(kind);
  expect(others).toEqual([]);
  expect(found).toEqual(stored(SAMPLES[kind]));
  expect(definitions.get(kind, SAMPLES[kind])).toEqual(stored(SAMPLES[kind]));
  await definitions.remove(kind, SAMPLES[kind]);
  await definitions.close();
  definitions = Definitions.open(path);
  expect(definitions.list(kind)).toEqual([]);
  await definitions.close();
});

/** Octets come back as buffers. */
function stored(definition: object): object {
  const entries = Object.entries(definition);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof Uint8Array ? Buffer.from(value) : value]),
  );
}

test('bindings that differ by their arguments alone are two', async () => {
  const definitions = Definitions.open(await temporaryDirectory());
  await definitions.put('binding', SAMPLES.binding);
  await definitions.put('binding', { ...SAMPLES.binding, arguments: new Uint8Array(5000).fill(1) });
  await definitions.put('binding', { ...SAMPLES.binding, arguments: new Uint8Array(5000).fill(2) });
  expect(definitions.list('binding').length).toBe(3);
  await definitions.remove('binding', { ...SAMPLES.binding, arguments: new Uint8Array(5000).fill(2) });
  expect(definitions.list('binding').length).toBe(2);
  await definitions.close();
});

test('names as long as the protocol allows have room', async () => {
  const definitions = Definitions.open(await temporaryDirectory());
  const name = (letter: string) => letter.repeat(255);
  const binding = {
    ...SAMPLES.binding,
    vhost: name('v'),
    source: name('s'),
    destination: name('d'),
    routingKey: name('r'),
  };
  await definitions.put('binding', binding);
  expect(definitions.get('binding', binding)?.routingKey).toBe(name('r'));
  await definitions.close();
});

test('what is durable when a change resolves outlasts a kill, and an id of a queue is not given out twice', async () => {
  const path = await temporaryDirectory();
  const script = `const { Definitions } = await import(${JSON.stringify(module)});
    const definitions = Definitions.open(${JSON.stringify(path)});
    const changes = Array.from({ length: 100 }, (_, i) => (
      { put: 'queue', definition: { vhost: '/', name: 'q' + i, id: definitions.takeQueueId(), autoDelete: false, arguments: new Uint8Array(0) } }));
    await definitions.change(changes);
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  const definitions = Definitions.open(path);
  const ids = definitions.list('queue').map(({ id }) => id);
  expect(new Set(ids).size).toBe(100);
  expect(definitions.takeQueueId()).toBeGreaterThan(Math.max(...ids));
  await definitions.close();
});

test('changes that are made together are there together or not at all', async () => {
  const definitions = Definitions.open(await temporaryDirectory());
  const bad = { put: 'vhost', definition: { name: 'x'.repeat(5000), description: '', tags: [] } } as const;
  await expect(definitions.change([{ put: 'user', definition: SAMPLES.user }, bad])).rejects.toThrow();
  expect(definitions.list('user')).toEqual([]);
  await definitions.close();
});
