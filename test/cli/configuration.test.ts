/**
 * What was configured, by flags, in the environment and in a file: which of them counts, and what is refused in which
 * words.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseOptions } from '../../src/cli/options.js';
import type { ResolvedOptions } from '../../src/node/options.js';

const directory = mkdtempSync(join(tmpdir(), 'leveret-configuration-'));
afterAll(() => rmSync(directory, { recursive: true }));

const path = join(directory, 'leveret.toml');

interface Sources {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly file?: string;
}

function parse({ flags = [], environment = {}, file }: Sources): ReturnType<typeof parseOptions> {
  if (file === undefined) return parseOptions(flags, environment);
  writeFileSync(path, file);
  return parseOptions(['--config', path, ...flags], environment);
}

function served(sources: Sources): ResolvedOptions {
  const command = parse(sources);
  if (command.action !== 'serve') throw new Error(`not served: ${JSON.stringify(command)}`);
  return command.options;
}

function refusal(sources: Sources): string {
  const command = parse(sources);
  if (command.action !== 'refuse') throw new Error(`not refused: ${JSON.stringify(command)}`);
  return command.reason.replace(path, 'FILE');
}

test('each setting can stand in a file', () => {
  const file = `
    # What this machine needs.
    listen = [
      "tcp://[::]:5673",   # all
      "unix:///run/leveret.sock",
    ]
    workers = 3
    engine = "js"
    memory = "512M"
    pin = false
    announce = "Hare/1.2"
    anonymous = "visitor"
    data = '/d'
    durability = "os"
    disk_free_limit = "2G"
    busy_poll = false
  `;
  const inFile = served({ file });
  expect(inFile).toMatchObject({ workers: 3, engine: 'js', pin: false, announced: { product: 'Hare' } });
  const flags = [
    '--listen',
    'tcp://[::]:5673',
    '--listen',
    'unix:///run/leveret.sock',
    '--workers',
    '3',
    '--engine=js',
  ];
  flags.push('--memory=512M', '--no-pin', '--announce', 'Hare/1.2', '--anonymous', 'visitor', '--data', '/d');
  flags.push('--durability', 'os', '--disk-free-limit', '2G', '--no-busy-poll');
  expect(served({ flags })).toEqual(inFile);
});

test('each setting can stand in the environment', () => {
  const environment = {
    LEVERET_LISTEN: 'tcp://hare:1, unix:///s',
    LEVERET_DISK_FREE_LIMIT: '2G',
    LEVERET_PIN: 'false',
    LEVERET_BUSY_POLL: '0',
    LEVERET_SKIP_UNREADABLE: '1',
    PATH: '/bin',
  };
  expect(served({ environment })).toMatchObject({
    listeners: [
      { kind: 'tcp', host: 'hare', port: 1 },
      { kind: 'unix', path: '/s' },
    ],
    pin: false,
    data: { diskFreeLimit: 2 * 1024 ** 3, busyPoll: false, skipUnreadable: true },
  });
});

test('a flag comes before the environment, that before the file', () => {
  const file = 'port = 1\nhost = "file"\nengine = "js"\npin = false';
  const environment = { LEVERET_PORT: '2', LEVERET_HOST: 'environment' };
  expect(served({ flags: ['--port', '3', '--pin'], environment, file })).toMatchObject({
    listeners: [{ host: 'environment', port: 3 }],
    engine: 'js',
    pin: true,
  });
});

test('the file may be named in the environment', () => {
  writeFileSync(path, 'port = 7');
  expect(served({ environment: { LEVERET_CONFIG: path } }).listeners).toMatchObject([{ port: 7 }]);
});

test('what excludes another one from a farther source takes its place', () => {
  const file = 'data = "/d"\nport = 1';
  expect(served({ flags: ['--transient'], file }).data).toBeNull();
  expect(served({ flags: ['--listen', 'unix:///s'], file }).listeners).toEqual([{ kind: 'unix', path: '/s' }]);
  expect(served({ flags: ['--data', '/d'], file: 'transient = true' }).data).toMatchObject({ directory: '/d' });
  expect(served({ flags: ['--port', '2'], file: 'listen = ["unix:///s"]' }).listeners).toMatchObject([{ port: 2 }]);
});

test.each([
  ['\nprot = 1', "FILE:2: unknown key 'prot'; the nearest is port"],
  ['xyzzy = 1', "FILE:1: unknown key 'xyzzy'"],
  ['config = "x"', "FILE:1: unknown key 'config'"],
  ['port = "5672"', "FILE:1: port must be a whole number from 0 to 65535, not '5672'"],
  ['listen = [\n "tcp://hare:1",\n]\n\nmemory = 512', 'FILE:5: memory must be a size from 16M to 4096M'],
  [
    'listen = ["tcp://hare:1", "hare"]',
    "FILE:1: listen must be tcp://HOST:PORT, tls://HOST:PORT, ws://HOST:PORT, wss://HOST:PORT or unix:///PATH, not 'hare'",
  ],
  ['pin = 0', 'FILE:1: pin must be true or false, not 0'],
  ['pin = true\npin = false', 'FILE:2: '],
  ['# x\nport = = 1', 'FILE:2: '],
  ['port = 1\noauth_issuer = "x"', 'FILE:2: oauth_issuer means nothing without oauth_resource_server_id'],
  [
    'oauth_resource_server_id = "x"\noauth_issuer = "x"',
    'FILE:1: oauth_resource_server_id needs the keys of tokens: oauth_keys, oauth_jwks_url, or an oauth_issuer that is a',
  ],
  [
    'oauth_resource_server_id = "x"\noauth_keys = "f"\noauth_jwks_url = "https://x/"',
    'FILE:3: oauth_jwks_url says where the keys of tokens are, and oauth_keys does, too',
  ],
  [
    'oauth_resource_server_id = "x"\noauth_keys = "f"\noauth_client_id = "page"',
    'FILE:3: oauth_client_id needs an oauth_issuer that is a URL with https',
  ],
  [
    'oauth_resource_server_id = "x"\noauth_issuer = "https://x/"\noauth_scopes = "openid"',
    'FILE:3: oauth_scopes means nothing without oauth_client_id',
  ],
  [
    'oauth_resource_server_id = "x"\noauth_issuer = "https://x/"\noauth_client_id = "p"\n' +
      'oauth_authorization_endpoint_params = ["state=x"]',
    "oauth.authorizationEndpointParams cannot say 'state': the broker says that itself",
  ],
  [
    'oauth_jwks_url = "http://sso.example.org/keys"',
    "FILE:1: oauth_jwks_url must be a URL with https, or with http on this machine, not 'http://sso.example.org/keys'",
  ],
  [
    'otlp_endpoint = "collector:4318"',
    'FILE:1: otlp_endpoint must be a URL with http or https, such as http://127.0.0.1:4318, without user and password',
  ],
  ['oauth_scope_aliases = ["admin"]', "FILE:1: oauth_scope_aliases must be ALIAS=SCOPE SCOPE …, not 'admin'"],
  ['[listeners]\nport = 1', "FILE:1: 'listeners' is a table"],
  ['x.port = 1', "FILE:1: 'x' is a table"],
  ['transient = true\ndata = "/d"', 'FILE:2: data means nothing with transient'],
  ['port = 1\nworkers = 128\nmemory = "64M"', 'FILE:2: workers 128 needs a memory of'],
])('a file with %j is refused with its line', (file, reason) => {
  expect(refusal({ file })).toContain(reason);
});

test('what is wrong in a file is refused though a flag comes before it', () => {
  expect(refusal({ flags: ['--port', '1'], file: 'port = "x"' })).toContain('FILE:1: port must be');
});

test('an issuer is enough to know the keys of tokens, and where people sign in', () => {
  const file = [
    'oauth_resource_server_id = "rabbitmq"',
    'oauth_issuer = "https://sso.example.org/main"',
    'oauth_client_id = "page"',
    'oauth_client_secret = "s"',
    'oauth_scopes = "profile rabbitmq.tag:monitoring"',
    'oauth_authorization_endpoint_params = ["audience=rabbitmq"]',
  ].join('\n');
  expect(served({ file }).oauth).toMatchObject({
    provider: { url: 'https://sso.example.org/main', issuer: 'https://sso.example.org/main' },
    signIn: {
      clientId: 'page',
      clientSecret: 's',
      scopes: ['openid', 'profile', 'rabbitmq.tag:monitoring'],
      authorizationParams: { audience: 'rabbitmq' },
      tokenParams: {},
    },
  });
  expect(inForce({ file }).find((line) => line.includes('client_secret'))).toBe(
    '# oauth_client_secret is not shown # FILE:4',
  );
});

test('a file that is not there is refused with the name of who asks for it', () => {
  const absent = join(directory, 'absent.toml');
  expect(refusal({ flags: ['--config', absent] })).toMatch(/^--config cannot be read: ENOENT.*absent\.toml/);
  expect(refusal({ environment: { LEVERET_CONFIG: absent } })).toMatch(/^LEVERET_CONFIG cannot be read: ENOENT/);
});

test('a variable that means nothing is refused, and the nearest one is said', () => {
  expect(refusal({ environment: { LEVERET_PROT: '1' } })).toBe(
    'unknown variable LEVERET_PROT; the nearest is LEVERET_PORT',
  );
  expect(refusal({ environment: { LEVERET_WORKERS: 'x' } })).toMatch(/^LEVERET_WORKERS must be a whole number/);
});

test('what Kubernetes tells of a service of this name is no setting', () => {
  const environment = {
    LEVERET_PORT: 'tcp://10.0.0.1:5672',
    LEVERET_SERVICE_HOST: '10.0.0.1',
    LEVERET_SERVICE_PORT: '5672',
    LEVERET_SERVICE_PORT_AMQP: '5672',
    LEVERET_PORT_5672_TCP: 'tcp://10.0.0.1:5672',
    LEVERET_PORT_5672_TCP_ADDR: '10.0.0.1',
  };
  expect(served({ environment })).toEqual(served({}));
});

function inForce(sources: Sources): string[] {
  const { file, flags = [], environment = {} } = sources;
  writeFileSync(path, file ?? '');
  const command = parseOptions(['config', '--config', path, ...flags], environment);
  if (command.action !== 'config') throw new Error(`not told: ${JSON.stringify(command)}`);
  return command.inForce.split('\n').map((line) => line.replace(path, 'FILE').replace(/ +/g, ' '));
}

test('config tells what is in force, and where each value comes from', () => {
  const lines = inForce({
    flags: ['--memory', '64M', '--no-pin'],
    environment: { LEVERET_ENGINE: 'js' },
    file: '\nport = 7\nworkers = 2',
  });
  expect(lines).toEqual(
    expect.arrayContaining([
      'port = 7 # FILE:2',
      'host = "localhost" # default',
      '# listen is not set # default',
      'workers = 2 # FILE:3',
      'engine = "js" # LEVERET_ENGINE',
      'memory = "64M" # --memory',
      'pin = false # --no-pin',
      'announce = "RabbitMQ/3.13.7" # default',
    ]),
  );
});

test('config tells what the machine has decided, and what means nothing beside another setting', () => {
  const lines = inForce({ flags: ['--listen', 'unix:///s', '--transient'] });
  expect(lines.find((line) => line.startsWith('workers'))).toMatch(/^workers = \d+ # default$/);
  expect(lines).toContain('listen = ["unix:///s"] # --listen');
  expect(lines).toContain('# port means nothing with listen');
  expect(lines).toContain('# durability means nothing with transient');
});

test('tokens are taken as RabbitMQ is told to take them', () => {
  const file = `
    oauth_resource_server_id = "rabbitmq"
    oauth_jwks_url = "http://[::1]:8080/keys"
    oauth_preferred_username_claims = ["email", "nickname"]
    oauth_scope_aliases = ["admin=rabbitmq.tag:administrator rabbitmq.read:*/*"]`;
  expect(served({ file, flags: ['--no-oauth-verify-aud', '--oauth-scope-prefix', ''] }).oauth).toEqual({
    resourceServerId: 'rabbitmq',
    keys: null,
    jwksUrl: 'http://[::1]:8080/keys',
    httpsAuthority: null,
    issuer: null,
    provider: null,
    signIn: null,
    verifyAudience: false,
    scopePrefix: '',
    preferredUsernameClaims: ['email', 'nickname'],
    additionalScopesKey: null,
    scopeAliases: { admin: ['rabbitmq.tag:administrator', 'rabbitmq.read:*/*'] },
  });
});

test.each([
  [['--listen', 'tcp://[::1]:5', '--memory', '64M', '--workers', '1', '--announce', 'Hare "x"/1']],
  [['--tls-cert', 'c', '--tls-cert', 'd', '--tls-key', 'k', '--tls-key', 'l', '--tls-ca', 'a', '--tls-crl', 'r']],
  [[]],
])('what config tells can stand in a file, and means the same: %j', (flags) => {
  const file = inForce({ flags }).join('\n');
  expect(served({ file })).toEqual(served({ flags }));
});

test('whom there is at the first start is told as images of RabbitMQ are told it', () => {
  const environment = {
    RABBITMQ_DEFAULT_USER: 'ann',
    RABBITMQ_DEFAULT_PASS: 'secret',
    RABBITMQ_DEFAULT_VHOST: 'hares',
    RABBITMQ_NODENAME: 'x',
  };
  expect(served({ environment }).beginning).toEqual({ user: 'ann', password: 'secret', vhost: 'hares' });
  expect(served({ environment: { ...environment, LEVERET_DEFAULT_USER: 'bob' } }).beginning.user).toBe('bob');
});

test('a secret is never shown, and cannot be a flag, which others could see', () => {
  const lines = inForce({ environment: { RABBITMQ_DEFAULT_PASS: 'hushed' } });
  expect(lines).toContain('# default_pass is not shown # RABBITMQ_DEFAULT_PASS');
  expect(lines.join()).not.toContain('hushed');
  expect(refusal({ flags: ['--default-pass', 'secret'] })).toContain("Unknown option '--default-pass'");
  expect(refusal({ file: 'default_pass = ["secret"]' })).toBe('FILE:1: default_pass must be a password');
});

test('config refuses what a broker refuses', () => {
  expect(parseOptions(['config', '--prot', '1'])).toMatchObject({ action: 'refuse' });
});
