/**
 * What a file of definitions makes of a broker: what it says is there then, what was there stays, and a file that does
 * not fit changes nothing.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImportOutcome } from '../../../src/broker/coordinator/definitions-administration.js';
import { Stage } from '../support/stage.js';

interface Item {
  readonly name?: string;
  readonly destination?: string;
}

const SECTIONS = [
  'users',
  'vhosts',
  'permissions',
  'topic_permissions',
  'parameters',
  'policies',
  'queues',
  'exchanges',
  'bindings',
] as const;
type File = { readonly [S in (typeof SECTIONS)[number]]?: readonly Item[] };

function fixture(name: string): File {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));
}

async function imported(stage: Stage, file: object, vhost?: string): Promise<readonly string[]> {
  const outcome = await stage.administration.definitions.import(JSON.stringify(file), vhost);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.notes;
}

/** The sections of an export, in no order. */
async function exported(stage: Stage, vhost?: string): Promise<File> {
  const file = JSON.parse((await stage.administration.definitions.export(vhost)) ?? '{}') as File;
  return Object.fromEntries(SECTIONS.map((name) => [name, sorted(file[name] ?? [])]));
}

function sorted(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
}

/** The same text, whatever the order of fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What a file says of something that is here, without what is not. */
function section(file: File, name: (typeof SECTIONS)[number], isHere: (item: Item) => boolean = () => true): Item[] {
  return sorted((file[name] ?? []).filter(isHere));
}

const queue = (name: string, rest: object = {}) => ({ name, vhost: '/', durable: false, arguments: {}, ...rest });

describe('an import', () => {
  test('of many passwords that are hashed slowly lets others go on between any two', async () => {
    const stage = new Stage(null, 'scrypt');
    const names = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    const users = names.map((name) => ({ name, password: `secret of ${name}`, tags: [] }));
    let isOver = false;
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    turn();
    await imported(stage, { users });
    isOver = true;
    expect(turns).toBeGreaterThan(names.length);
    const { accounts } = stage.view;
    expect(names.map((name) => accounts.user(name)?.hashingAlgorithm)).toEqual(
      names.map(() => 'leveret_password_hashing_scrypt'),
    );
    expect(await accounts.accepts('user-3', 'secret of user-3')).toBe(true);
  });

  test('that no longer fits when its passwords are hashed changes nothing', async () => {
    const stage = new Stage(null, 'scrypt');
    const file = {
      users: [{ name: 'ann', password: 'secret', tags: [] }],
      permissions: [{ user: 'guest', vhost: '/', configure: '', write: '', read: '' }],
    };
    const importing = stage.administration.definitions.import(JSON.stringify(file));
    stage.administration.users.delete('guest');
    expect(await importing).toMatchObject({ ok: false });
    expect(stage.view.accounts.user('ann')).toBeUndefined();
  });

  test('makes what RabbitMQ has exported, and an export says it again', async () => {
    const stage = new Stage();
    const file = fixture('rabbitmq-3.10.json');
    await imported(stage, file);
    const own = await exported(stage);
    const isStream = ({ name, destination }: Item): boolean => [name, destination].includes('stream');
    for (const name of ['users', 'topic_permissions', 'exchanges', 'parameters'] as const)
      expect(own[name]).toEqual(section(file, name));
    for (const name of ['queues', 'bindings'] as const)
      expect(own[name]).toEqual(section(file, name, (item) => !isStream(item)));
    expect(own.vhosts).toEqual(expect.arrayContaining(section(file, 'vhosts')));
    expect(own.permissions).toEqual(expect.arrayContaining(section(file, 'permissions')));
    expect(own.policies?.map(({ name }) => name).sort()).toEqual(['ae', 'mirror', 'ttl']);
  });

  test('makes what RabbitMQ had made of the export, when it imported that and exported it again', async () => {
    const stage = new Stage();
    await imported(stage, fixture('rabbitmq-3.10.json'));
    const [own, again] = [await exported(stage), fixture('rabbitmq-3.10-again.json')];
    for (const name of [
      'users',
      'topic_permissions',
      'parameters',
      'policies',
      'queues',
      'exchanges',
      'bindings',
    ] as const)
      expect(own[name]).toEqual(section(again, name));
    for (const name of ['vhosts', 'permissions'] as const)
      expect(own[name]).toEqual(expect.arrayContaining(section(again, name)));
  });

  test('makes what a file in the shape of RabbitMQ 4 says', async () => {
    const stage = new Stage();
    const notes = await imported(stage, fixture('rabbitmq-4.json'));
    expect(notes).toEqual([
      "policy 'short' of vhost 'hares' goes without some settings: target-group-size means nothing here",
      "queue 'log' in vhost 'hares' is left out: there are no streams",
    ]);
    expect(stage.administration.vhostMetadata('hares')).toEqual({
      description: '',
      tags: ['production'],
      defaultQueueType: 'quorum',
      tracing: false,
      protectedFromDeletion: false,
    });
    const own = await exported(stage, 'hares');
    expect(own.queues).toMatchObject([
      { name: 'plain' },
      { name: 'short.quorum', arguments: { 'x-queue-type': 'quorum' } },
    ]);
    expect(own.bindings).toHaveLength(2);
    expect(stage.administration.limits('vhost', 'hares')).toEqual({ 'max-connections': 100, 'max-queues': 1000 });
    expect(stage.administration.policies('operator policy', 'hares')).toMatchObject([{ applyTo: 'classic_queues' }]);
  });

  test('declares into one vhost, whatever the file says', async () => {
    const stage = new Stage();
    await imported(stage, fixture('rabbitmq-3.10-vhost.json'), 'other');
    expect((await exported(stage, 'other')).queues).toHaveLength(6);
    expect((await exported(stage, '/')).queues).toEqual([]);
  });

  test('leaves what is there, and says what of it is otherwise', async () => {
    const stage = new Stage();
    await stage.queue('same');
    await stage.queue('other', { autoDelete: true });
    await stage.exchange('ways', 'fanout');
    const exchanges = [{ ...queue('ways'), type: 'direct' }];
    expect(await imported(stage, { queues: [queue('same'), queue('other')], exchanges })).toEqual([
      "exchange 'ways' in vhost '/' is there already, and stays as it is: inequivalent arg 'type' for exchange 'ways' " +
        "in vhost '/': received 'direct' but current is 'fanout'",
      "queue 'other' in vhost '/' is there already, and stays as it is: inequivalent arg 'auto_delete' for queue " +
        "'other' in vhost '/': received 'false' but current is 'true'",
    ]);
  });

  test('overwrites users, and leaves out bindings of which an end is missing', async () => {
    const stage = new Stage();
    stage.administration.users.add('ann', 'carrot', ['management']);
    const users = [{ name: 'ann', password: 'turnip', tags: 'administrator' }];
    const bindings = [
      { source: 'amq.fanout', vhost: '/', destination: 'q', destination_type: 'queue', routing_key: '' },
      { source: 'amq.fanout', vhost: '/', destination: 'gone', destination_type: 'queue', routing_key: '' },
    ];
    const notes = await imported(stage, { users, bindings, queues: [queue('q')] });
    expect(notes).toEqual(["bindings[1] is left out: no queue 'gone' in vhost '/'"]);
    expect(stage.administration.users.list()).toContainEqual({ name: 'ann', tags: ['administrator'] });
    expect(await stage.view.accounts.accepts('ann', 'turnip')).toBe(true);
    expect(await stage.view.accounts.accepts('ann', 'carrot')).toBe(false);
  });

  test.each<[object, string]>([
    [
      { queues: [queue('q'), queue('r', { vhost: 'nowhere' })] },
      "queues[1].vhost must be a vhost that is there, or in this file: 'nowhere' is not",
    ],
    [
      { queues: [queue('q')], permissions: [{ user: 'nobody', vhost: '/', configure: '', write: '', read: '' }] },
      "permissions[0].user must be a user that is there, or in this file: 'nobody' is not",
    ],
    [{ queues: [queue('q'), queue('r')] }, "queues[1] is more than the limit of queues allows, of vhost '/' or of all"],
    [
      {
        queues: [queue('q')],
        exchanges: [{ ...queue('spread'), type: 'x-consistent-hash' }],
        bindings: [{ source: 'spread', vhost: '/', destination: 'q', destination_type: 'queue', routing_key: 'x' }],
      },
      'bindings[0] cannot be bound to exchange \'spread\': The binding key must be an integer: <<"x">>',
    ],
  ])('of what does not fit changes nothing: %#', async (file, reason) => {
    const stage = new Stage();
    stage.administration.setLimits('vhost', '/', { 'max-queues': 1 });
    const before = await exported(stage);
    const outcome: ImportOutcome = await stage.administration.definitions.import(JSON.stringify(file));
    expect(outcome).toEqual({ ok: false, reason });
    expect(await exported(stage)).toEqual(before);
  });
});

describe('whatever a file says', () => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'ä🐇', 'x y'),
    fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
  );
  const own = name.filter((text) => !text.startsWith('amq.') && !/[\r\n]/.test(text));
  const vhost = fc.constantFrom('/', 'other', 'new');
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.constant(1.5),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(own, tie('value'), { maxKeys: 2 }),
    ),
  })).value;
  const freeArguments = fc.dictionary(
    own.filter((text) => text !== 'alternate-exchange'),
    value,
    { maxKeys: 2 },
  );
  const durable = fc.boolean();
  const queues = fc.uniqueArray(
    fc.record({ name: own, vhost, durable, auto_delete: durable, arguments: freeArguments }),
    { maxLength: 6, selector: (item) => JSON.stringify([item.name, item.vhost]) },
  );
  const exchanges = fc.uniqueArray(
    fc.record({
      name: own,
      vhost,
      type: fc.constantFrom('direct', 'fanout', 'topic', 'headers', 'x-random'),
      durable,
      auto_delete: durable,
      internal: durable,
      arguments: freeArguments,
    }),
    { maxLength: 6, selector: (item) => JSON.stringify([item.name, item.vhost]) },
  );
  const users = fc.uniqueArray(
    fc.record({
      name: own,
      password_hash: fc.constant(''),
      hashing_algorithm: fc.constant('rabbit_password_hashing_sha512'),
      tags: fc.uniqueArray(fc.constantFrom('management', 'policymaker'), { maxLength: 2 }),
      limits: fc.record({ 'max-channels': fc.nat(5) }, { requiredKeys: [] }),
    }),
    { maxLength: 3, selector: (item) => item.name },
  );
  const policies = fc.array(
    fc.record({
      name: own,
      vhost,
      pattern: fc.constantFrom('.*', '^a'),
      'apply-to': fc.constantFrom('all', 'queues', 'exchanges'),
      definition: fc.record({ 'max-length': fc.nat(9), expires: fc.constant(60_000) }, { requiredKeys: ['expires'] }),
      priority: fc.nat(3),
    }),
    { maxLength: 3 },
  );
  const file = fc
    .record({ users, queues, exchanges, policies, vhosts: fc.constant([{ name: 'new' }]) })
    .chain((declared) => {
      const permissions = declared.users.map(({ name: user }) => ({
        user,
        vhost: 'new',
        configure: '',
        write: 'a',
        read: '.*',
      }));
      const binding = fc.record({
        source: fc.constantFrom('amq.topic', ...declared.exchanges.map((one) => one.name)),
        vhost,
        destination: fc.constantFrom(
          'amq.fanout',
          ...[...declared.queues, ...declared.exchanges].map((one) => one.name),
        ),
        destination_type: fc.constantFrom('queue', 'exchange'),
        routing_key: fc.string({ maxLength: 5 }),
        arguments: freeArguments,
      });
      return fc.array(binding, { maxLength: 8 }).map((bindings) => ({ ...declared, permissions, bindings }));
    });

  test('an import twice is one, and what is exported makes the same elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (definitions) => {
        const stage = new Stage();
        await imported(stage, definitions);
        const once = await exported(stage);
        await imported(stage, definitions);
        expect(await exported(stage)).toEqual(once);
        const elsewhere = new Stage();
        const text = (await stage.administration.definitions.export()) ?? '';
        expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
        expect(await elsewhere.administration.definitions.import(text)).toMatchObject({ ok: true, notes: [] });
        expect(await exported(elsewhere)).toEqual(once);
        // Workers see what the coordinator sees.
        const named = (view = stage.view) =>
          ['/', 'other', 'new'].map((one) => [...view.queuesIn(one)].map((q) => q.name));
        expect(named(stage.views[1])).toEqual(named());
      }),
      { numRuns: 150 },
    );
  });
});
