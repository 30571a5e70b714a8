/** What `leveret migrate` is told, right and wrong, and what it makes of definitions. */
import { describe, expect, test } from 'vitest';
import { migrateCommand } from '../../src/cli/migrate/options.js';
import { definitionsFrom } from '../../src/migrate/definitions.js';

const FROM = ['--from', 'amqp://ann:secret@old/orders'];

describe('the command line', () => {
  test('needs to say from where, and has a default for the rest', () => {
    const command = migrateCommand(FROM);
    expect(command?.plan).toMatchObject({
      source: { host: 'old', port: 5672, vhost: 'orders', user: 'ann' },
      target: { host: 'localhost', vhost: '/' },
      sourceHttp: { url: 'http://old:15672', user: 'ann', password: 'secret' },
      targetHttp: { url: 'http://localhost:15672', user: 'guest' },
    });
    expect(migrateCommand(['--from', 'amqps://old'])?.plan.sourceHttp.url).toBe('https://old:15671');
    expect(migrateCommand([...FROM, '--from-http', 'https://bob:b@api:99/rmq/'])?.plan.sourceHttp).toEqual({
      url: 'https://api:99/rmq',
      user: 'bob',
      password: 'b',
    });
  });

  test.each<[string[], RegExp]>([
    [[], /^--from is needed: amqp:\/\/USER/],
    [['--from', 'old'], /^--from must be amqp:\/\/USER:PASSWORD@HOST:PORT\/VHOST, or amqps:\/\/, not 'old'/],
    [[...FROM, '--form', 'x'], /^Unknown option '--form'; the nearest is --from/],
    [[...FROM, '--to', 'amqp://old/orders'], /^--from and --to must not be the same broker and vhost/],
    [[...FROM, '--to', 'amqp://old/other', '--vhosts'], /^--from and --to must not be the same broker/],
    [[...FROM, '--prefetch', '0'], /^--prefetch must be a whole number/],
    [[...FROM, '--from-http', 'ftp://x'], /^--from-http must be http:\/\/USER/],
    [[...FROM, '--follow', '--dry-run'], /^--follow means nothing with --dry-run/],
    [[...FROM, '--definitions', '/nowhere/x.json'], /^--definitions cannot be read: ENOENT/],
    [[...FROM, '--tls-cert', 'x'], /^--tls-cert means nothing without --tls-key/],
    [[...FROM, 'extra'], /^Unexpected argument 'extra'/],
  ])('%j is refused in words', (args, reason) => {
    expect(() => migrateCommand(args)).toThrow(reason);
  });
});

describe('definitions', () => {
  const file = {
    users: [{ name: 'guest', password_hash: 'x', tags: 'administrator' }],
    vhosts: [{ name: '/' }],
    permissions: [],
    policies: [{ vhost: '/', name: 'ha', pattern: '.*', 'apply-to': 'all', definition: { 'ha-mode': 'all' } }],
    exchanges: [{ name: 'odd', vhost: '/', type: 'x-foo', durable: true, auto_delete: false, arguments: {} }],
    queues: [
      { name: 's', vhost: '/', durable: true, auto_delete: false, arguments: { 'x-queue-type': 'stream' } },
      {
        name: 'q',
        vhost: '/',
        durable: true,
        auto_delete: false,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 },
      },
    ],
    bindings: [],
  };

  test('say in plain words what is otherwise at the target', () => {
    const { differences, text } = definitionsFrom(JSON.stringify(file), null, 'guest');
    expect(differences).toEqual([
      "exchange 'odd' is left out, with its bindings: there is no exchange type 'x-foo'",
      "user 'guest' stays as it is at the target: the migration logs in as it",
      expect.stringContaining("policy 'ha' of vhost '/' is left out: ha-mode means nothing here"),
      expect.stringContaining("queue 's' in vhost '/' is left out"),
      expect.stringContaining('1 quorum queue will be durable'),
      expect.stringContaining('1 queue with x-delivery-limit'),
    ]);
    expect(JSON.parse(text)).toMatchObject({ users: [], exchanges: [] });
  });

  test('of one vhost are without users and other vhosts', () => {
    const other = { ...file, queues: [...file.queues, { name: 'z', vhost: 'z', durable: true, arguments: {} }] };
    const { text, queues } = definitionsFrom(JSON.stringify(other), '/', 'guest');
    expect(Object.keys(JSON.parse(text))).not.toContain('users');
    expect(queues.map(({ name }) => name)).toEqual(['s', 'q']);
  });

  test('that are none are refused', () => {
    expect(() => definitionsFrom('[]', null, 'guest')).toThrow(/rabbitmqctl export_definitions/);
  });
});
