/** What is wrong with a file of definitions is told with its place, and what would be right; nothing else is. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readDefinitions } from '../../../src/broker/definitions-file/read-file.js';

function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}

function reasonOf(file: unknown): string {
  try {
    readDefinitions(typeof file === 'string' ? file : JSON.stringify(file), { unnamed: '/' });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing is wrong';
}

const QUEUE = { name: 'q', vhost: '/', durable: true, auto_delete: false, arguments: {} };
const USER = { name: 'ann', password_hash: '', hashing_algorithm: 'rabbit_password_hashing_sha256', tags: [] };
const POLICY = { name: 'p', vhost: '/', pattern: '.*', 'apply-to': 'all', definition: { expires: 1 }, priority: 0 };
const PERMISSION = { user: 'ann', vhost: '/', configure: '', write: '', read: '' };

describe('a file of definitions is refused', () => {
  test.each([
    ['{"queues": [', 'is no JSON from line 1, column 13 on'],
    ['{\n  "queues": [\n  {]}', 'is no JSON from line 3, column 4 on'],
    ['{"users": [{"password": "carrot" "x"}]}', 'is no JSON from line 1, column 34 on'],
    ['"text"', 'the file must be an object, not "text"'],
    [{ queues: {} }, 'queues must be a list, not {}'],
    [{ bindings: null }, 'bindings must be a list, not null'],
    [{ queues: [QUEUE, 5] }, 'queues[1] must be an object, not 5'],
    [{ queues: [{ ...QUEUE, name: undefined }] }, 'queues[0].name is missing; it must be a text'],
    [{ queues: [{ ...QUEUE, name: 'x'.repeat(256) }] }, 'queues[0].name must be a name of at most 255 octets'],
    [{ queues: [{ ...QUEUE, durable: 'yes' }] }, 'queues[0].durable must be true or false, not "yes"'],
    [{ queues: [{ ...QUEUE, arguments: [1] }] }, 'queues[0].arguments must be an object, not [1]'],
    [
      { queues: [{ ...QUEUE, arguments: { 'x-max-length': 'many' } }] },
      `queues[0] cannot be declared: invalid arg 'x-max-length' for queue 'q' in vhost '/': "expected integer, got longstr"`,
    ],
    [{ exchanges: [{ ...QUEUE, type: 'topi' }] }, "exchanges[0] cannot be declared: unknown exchange type 'topi'"],
    [
      { bindings: [{ source: 'a', vhost: '/', destination: 'b', destination_type: 'quue', routing_key: '' }] },
      'bindings[0].destination_type must be queue or exchange, not "quue"',
    ],
    [{ users: [{ ...USER, tags: [1] }] }, 'users[0].tags must be a list of texts, or one with commas, not [1]'],
    [
      { users: [{ ...USER, hashing_algorithm: 'rot13' }] },
      'users[0].hashing_algorithm must be one of rabbit_password_hashing_sha256, rabbit_password_hashing_sha512, ' +
        'rabbit_password_hashing_md5, leveret_password_hashing_scrypt, not "rot13"',
    ],
    [
      { users: [{ ...USER, password_hash: 'c2hvcnQ=' }] },
      'users[0].password_hash cannot be used: password hash is not the base64 of 36 octets',
    ],
    [{ users: [{ ...USER, password_hash: 12345 }] }, 'users[0].password_hash must be a text'],
    [
      { users: [{ ...USER, limits: { 'max-channels': 'many' } }] },
      'users[0].limits cannot be: max-channels should be a number, actually was <<"many">>',
    ],
    [
      { permissions: [{ ...PERMISSION, write: '(' }] },
      'permissions[0].write is no regular expression that can be used: missing closing ): `(`',
    ],
    [{ topic_permissions: [{ ...PERMISSION }] }, 'topic_permissions[0].exchange is missing; it must be a text'],
    [{ policies: [{ ...POLICY, priority: 'high' }] }, 'policies[0].priority must be a whole number, not "high"'],
    [
      { policies: [{ ...POLICY, definition: { 'max-lenght': 1 } }] },
      'policies[0] cannot be a policy: [{<<"max-lenght">>,1}] are not recognised policy settings',
    ],
    [
      { parameters: [{ component: 'operator_policy', vhost: '/', name: 'o', value: { definition: { expires: 1 } } }] },
      'parameters[0].value.pattern is missing; it must be a text',
    ],
    [
      { parameters: [{ component: 'vhost-limits', vhost: '/', name: 'limits', value: { most: 1 } }] },
      'parameters[0].value cannot be: Unrecognised terms [{<<"most">>,1}] in limits',
    ],
  ])('%j', (file, reason) => {
    expect(reasonOf(file)).toBe(reason);
  });

  test('without showing what is secret', () => {
    for (const users of [[{ ...USER, password: ['carrot'] }], [{ ...USER, password_hash: { carrot: 1 } }]]) {
      expect(reasonOf({ users })).toMatch(/^users\[0\]\.password/);
      expect(reasonOf({ users })).not.toContain('carrot');
    }
  });
});

describe('a file of definitions is read', () => {
  test.each([
    'rabbitmq-3.10.json',
    'rabbitmq-3.10-vhost.json',
    'rabbitmq-4.json',
  ])('as RabbitMQ has written %s', (name) => {
    const file = readDefinitions(fixture(name), { unnamed: '/' });
    expect(file.isWhole).toBe(!name.includes('vhost'));
    expect(file.queues.length).toBeGreaterThan(0);
    expect(file.bindings.length).toBeGreaterThan(0);
  });

  test('with tags as one text, and hashes of before RabbitMQ 3.6', () => {
    const users = [{ name: 'ann', password_hash: 'AQIDBJ7a1QrPvH5QH6GiPfQgxMw=', tags: 'management, monitoring' }];
    const [ann] = readDefinitions(JSON.stringify({ rabbit_version: '3.5.8', users }), { unnamed: '/' }).users;
    expect(ann?.tags).toEqual(['management', 'monitoring']);
    expect(ann?.password).toMatchObject({ hashingAlgorithm: 'rabbit_password_hashing_md5' });
  });

  test('into the vhost that is asked for, or where entries name none', () => {
    const { vhost: _, ...queue } = QUEUE;
    const text = JSON.stringify({ queues: [queue, { ...QUEUE, vhost: 'own' }] });
    const vhosts = (scope: Parameters<typeof readDefinitions>[1]) =>
      readDefinitions(text, scope).queues.map(({ request }) => request.vhost);
    expect(vhosts({ unnamed: 'there' })).toEqual(['there', 'own']);
    expect(vhosts({ all: 'there' })).toEqual(['there', 'there']);
  });

  test('without what means nothing here, and says so', () => {
    const { notes } = readDefinitions(
      JSON.stringify({
        queus: [],
        parameters: [{ component: 'shovel', vhost: '/', name: 's', value: {} }],
        vhosts: [{ name: 'v', default_queue_type: 'stream' }],
        global_parameters: [{ name: 'internal_cluster_id', value: 'rabbit' }],
        policies: [{ ...POLICY, definition: { 'ha-mode': 'all', expires: 5 } }],
        queues: [
          { ...QUEUE, type: 'stream' },
          ...Array.from({ length: 8 }, (_, i) => ({ ...QUEUE, name: `amq.gen-${i}` })),
        ],
      }),
      { unnamed: '/' },
    );
    expect(notes).toEqual([
      expect.stringMatching(/^'queus' means nothing here and is left out; there are users, vhosts, /),
      "queues in vhost 'v' are classic unless they say otherwise, not stream",
      "policy 'p' of vhost '/' goes without some settings: ha-mode means nothing here",
      "parameter 's' of 'shovel' is left out",
      "queue 'q' in vhost '/' is left out: there are no streams",
      ...[0, 1, 2, 3].map((i) => `queue 'amq.gen-${i}' in vhost '/' is left out: the broker gives such names`),
      'and 4 more queues',
    ]);
  });
});
