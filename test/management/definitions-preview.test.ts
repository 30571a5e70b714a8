/** What an import would do, told before it is done, beside what it then does. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);

interface Preview {
  readonly valid: boolean;
  readonly faults: readonly { readonly place: string; readonly reason: string }[];
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly changes: readonly {
    readonly section: string;
    readonly place: string;
    readonly name: string;
    readonly action: string;
    readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
    readonly reason: string | null;
  }[];
}

async function preview(file: unknown): Promise<Preview> {
  const { status, json } = await api().post('/definitions?dry_run=true', file);
  expect(status).toBe(200);
  return json as Preview;
}

const exported = async (): Promise<string> => (await api().get('/definitions')).text;

const vhost = fc.constantFrom('/', 'a');
const name = fc.constantFrom('x', 'y');
const few = <T>(one: fc.Arbitrary<T>, key: (one: T) => unknown) =>
  fc.uniqueArray(one, { maxLength: 3, selector: (it) => JSON.stringify(key(it)) });

const file = fc.record({
  vhosts: few(fc.record({ name: vhost, description: name, tracing: fc.boolean() }), (one) => one.name).map((all) =>
    // What the file speaks of is in it.
    ['/', 'a'].map((one) => all.find((said) => said.name === one) ?? { name: one }),
  ),
  users: few(
    fc.record({
      name,
      password_hash: fc.constantFrom('', 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR'),
      hashing_algorithm: fc.constant('rabbit_password_hashing_sha256'),
      tags: fc.constantFrom('', 'monitoring'),
      limits: fc.constantFrom({}, { 'max-channels': 5 }, { 'max-channels': 6 }),
    }),
    (one) => one.name,
  ).map((all) =>
    ['x', 'y'].map((one) => all.find((user) => user.name === one) ?? { name: one, password_hash: '', tags: '' }),
  ),
  permissions: few(
    fc.record({ user: name, vhost, configure: name, write: fc.constant(''), read: name }),
    ({ user, vhost: of }) => [user, of],
  ),
  topic_permissions: few(
    fc.record({ user: name, vhost, exchange: fc.constant('amq.topic'), write: name, read: name }),
    ({ user, vhost: of }) => [user, of],
  ),
  policies: few(
    fc.record({
      vhost,
      name,
      pattern: name,
      priority: fc.nat(1),
      'apply-to': fc.constant('queues'),
      definition: fc.constantFrom({ expires: 1_000_000 }, { 'max-length': 5, expires: 1_000_000 }),
    }),
    ({ vhost: of, name: called }) => [of, called],
  ),
  parameters: few(
    fc.record({
      vhost,
      component: fc.constant('vhost-limits'),
      name: fc.constant('limits'),
      value: fc.constantFrom({ 'max-queues': 70 }, { 'max-connections': 8 }),
    }),
    ({ vhost: of }) => of,
  ),
  global_parameters: few(fc.record({ name, value: name }), (one) => one.name),
  exchanges: few(
    fc.record({
      vhost,
      name,
      type: fc.constantFrom('fanout', 'topic'),
      durable: fc.constant(true),
      auto_delete: fc.constant(false),
      internal: fc.constant(false),
      arguments: fc.constant({}),
    }),
    ({ vhost: of, name: called }) => [of, called],
  ),
  queues: few(
    fc.record({
      vhost,
      name,
      durable: fc.constant(true),
      auto_delete: fc.constant(false),
      arguments: fc.constantFrom({}, { 'x-max-length': 3 }),
    }),
    ({ vhost: of, name: called }) => [of, called],
  ),
  bindings: few(
    fc.record({
      vhost,
      source: name,
      destination: name,
      destination_type: fc.constantFrom('queue', 'exchange'),
      routing_key: name,
      arguments: fc.constant({}),
    }),
    (one) => one,
  ),
});

type Entry = Readonly<Record<string, unknown>>;
type Definitions = Readonly<Record<string, readonly Entry[]>>;

/** What names an entry of each section of a file. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  vhosts: ['name'],
  users: ['name'],
  permissions: ['user', 'vhost'],
  topic_permissions: ['user', 'vhost', 'exchange'],
  policies: ['name', 'vhost'],
  parameters: ['component', 'vhost', 'name'],
  global_parameters: ['name'],
  exchanges: ['name', 'vhost'],
  queues: ['name', 'vhost'],
  bindings: ['source', 'vhost', 'destination', 'destination_type', 'routing_key'],
};

/** The entry of an export that a place in the file is about; undefined: there is none. */
function entryIn(text: string, given: Definitions, place: string): Entry | undefined {
  const [, section = '', index = ''] = /^(\w+)\[(\d+)\]/.exec(place) ?? [];
  const wanted = given[section]?.[Number(index)];
  const all = (JSON.parse(text) as Definitions)[section] ?? [];
  return all.find((one) => (KEYS[section] ?? []).every((key) => one[key] === wanted?.[key]));
}

it(`is what the import then does, and changes nothing by itself (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(file, file, async (first, second) => {
      await api().delete('/vhosts/a');
      for (const called of ['x', 'y']) {
        for (const path of ['users/', 'queues/%2F/', 'exchanges/%2F/', 'policies/%2F/', 'global-parameters/'])
          await api().delete(`/${path}${called}`);
      }
      await api().delete('/parameters/vhost-limits/%2F/limits');
      expect((await api().post('/definitions', first)).status).toBe(204);
      const before = await exported();
      const told = await preview(second);
      expect(await exported()).toBe(before);
      expect(told.faults).toEqual([]);
      expect((await api().post('/definitions', second)).status).toBe(204);
      const after = await exported();
      const places = new Set<string>();
      for (const { place, action, fields } of told.changes) {
        places.add(place);
        const [was, is] = [entryIn(before, second, place), entryIn(after, second, place)];
        if (action === 'added') expect([was, is !== undefined], place).toEqual([undefined, true]);
        if (action === 'changed') expect(is, `${place} ${JSON.stringify(fields)}`).not.toEqual(was);
        if (action === 'kept') expect(is, place).toEqual(was);
        if (action === 'left_out') expect([was, is], place).toEqual([undefined, undefined]);
      }
      for (const section of Object.keys(KEYS))
        for (const at of (second as unknown as Definitions)[section]?.keys() ?? []) {
          const place = `${section}[${at}]`;
          if (places.has(place)) continue;
          expect(entryIn(after, second, place), place).toEqual(entryIn(before, second, place));
          expect(entryIn(after, second, place), place).toBeDefined();
        }
      const again = await preview(second);
      expect(again.changes.filter(({ action }) => action === 'added' || action === 'changed')).toEqual([]);
    }),
    { seed: SEED, numRuns: 8 },
  );
});

it('tells from what to what something changes, and never a password or its hash', async () => {
  await api().put('/users/secretive', { password: 'very secret', tags: 'management' });
  await api().put('/policies/%2F/p', { pattern: '^a', definition: { 'max-length': 5 } });
  const hash = 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR';
  const { changes } = await preview({
    users: [{ name: 'secretive', password_hash: hash, tags: 'monitoring' }],
    policies: [{ vhost: '/', name: 'p', pattern: '^a', 'apply-to': 'all', definition: { expires: 7 } }],
  });
  expect(changes).toMatchObject([
    {
      section: 'users',
      action: 'changed',
      fields: [
        { field: 'tags', before: ['management'], after: ['monitoring'] },
        { field: 'password', before: 'set', after: 'another' },
      ],
    },
    {
      section: 'policies',
      action: 'changed',
      fields: [
        { field: 'definition.max-length', before: 5, after: null },
        { field: 'definition.expires', before: null, after: 7 },
      ],
    },
  ]);
  expect(JSON.stringify(changes)).not.toContain(hash);
});

it('names all that is wrong by its place, what is wrong in itself and what does not fit', async () => {
  const { valid, faults } = await preview({
    queues: [
      { name: 'good', vhost: '/' },
      { name: 7, vhost: '/' },
      { name: 'elsewhere', vhost: 'none-such' },
    ],
    permissions: [{ user: 'nobody', vhost: '/', configure: '(', write: '', read: '' }],
    topic_permissions: [{ user: 'nobody', vhost: '/', exchange: 'e', write: '', read: '' }],
    policies: 'many',
  });
  expect(valid).toBe(false);
  expect(faults.map(({ place }) => place).toSorted()).toEqual([
    'permissions[0].configure',
    'policies',
    'queues[1].name',
    'queues[2].vhost',
    'topic_permissions[0].user',
  ]);
});

it('says of a text that is no JSON where that begins', async () => {
  expect(await preview('{"queues": [}')).toMatchObject({
    valid: false,
    faults: [{ place: '', reason: 'is no JSON from line 1, column 13 on' }],
  });
});

it('knows of an existing queue that is something else, and says why it stays', async () => {
  await api().put('/queues/%2F/old', { durable: true, arguments: { 'x-max-length': 3 } });
  const { changes } = await preview({ queues: [{ name: 'old', vhost: '/', durable: true, arguments: {} }] });
  expect(changes).toMatchObject([
    { action: 'kept', reason: expect.stringContaining("inequivalent arg 'x-max-length'") },
  ]);
});

it('counts all of a long file, and tells the first of each kind one by one', async () => {
  const queues = Array.from({ length: 2_000 }, (_, at) => ({ name: `q${at}`, vhost: '/', durable: true }));
  const { counts, changes } = await preview({ queues });
  expect(counts.queues).toMatchObject({ added: 2_000 });
  expect(changes).toHaveLength(500);
});
