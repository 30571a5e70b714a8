/** Tokens: which are taken, why others are not, and where the keys come from that tell. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TokenRules } from '../../src/connection/tokens/claims.js';
import { fixedKeys, RemoteKeys } from '../../src/connection/tokens/key-source.js';
import { readSigningKeys } from '../../src/connection/tokens/signing-keys.js';
import { looksLikeToken, TokenVerifier } from '../../src/connection/tokens/token-verifier.js';
import { randomNumbers } from '../support/fragments.js';
import { Issuer, RESOURCE } from '../support/issuer.js';

const RULES: TokenRules = {
  resourceServerId: RESOURCE,
  issuer: 'issuer',
  verifyAudience: true,
  scopePrefix: `${RESOURCE}.`,
  preferredUsernameClaims: [],
  additionalScopesKey: null,
  scopeAliases: {},
};

let issuer: Issuer;
beforeAll(async () => {
  issuer = await Issuer.start();
});
afterAll(() => issuer.close());

function verifier(rules: Partial<TokenRules> = {}, keys = JSON.stringify(issuer.jwks)): TokenVerifier {
  return new TokenVerifier(fixedKeys(keys), { ...RULES, ...rules });
}

/** What a token gives, or why it is refused. */
async function verdict(token: string, rules: Partial<TokenRules> = {}): Promise<unknown> {
  const judged = await verifier(rules).verify(token);
  return judged.ok ? judged.grant : judged.reason;
}

describe('algorithms', () => {
  test.each([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
  ])('a token signed by %s counts', async (algorithm) => {
    const key = await issuer.newKey(algorithm);
    const keys = JSON.stringify({ keys: [key.publicJwk] });
    const judged = await verifier({}, keys).verify(await issuer.token({}, { key }));
    expect(judged).toMatchObject({ ok: true, grant: { name: 'ann' } });
  });

  test('none does not, nor does a secret that is the public key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const claims = { sub: 'ann', aud: RESOURCE, iss: 'issuer', exp: Date.now() / 1000 + 60 };
    const none = new UnsecuredJWT(claims).encode();
    const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(pem));
    const right = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    const pinned = verifier({}, String(pem));
    expect(await pinned.verify(right)).toMatchObject({ ok: true });
    for (const token of [none, confused]) {
      expect(looksLikeToken(token)).toBe(true);
      const reason = expect.stringMatching(/^the token is signed by "(none|HS256)", which is none of RS256, /);
      expect(await pinned.verify(token)).toEqual({ ok: false, reason });
    }
  });

  test('a key counts for its own algorithm alone', async () => {
    const key = await issuer.newKey('RS256');
    const keys = JSON.stringify({ keys: [{ ...key.publicJwk, alg: 'RS512' }] });
    const judged = await verifier({}, keys).verify(await issuer.token({}, { key }));
    expect(judged).toEqual({ ok: false, reason: `no key "${key.id}" for RS256 is known` });
  });
});

describe('claims', () => {
  test('scopes come as a text or a list, without those for others, each once', async () => {
    const scopes = ['leveret.read:*/*', 'other.write:*/*', 'leveret.read:*/*', 'leveret.tag:management'];
    for (const scope of [scopes, scopes.join(' ')]) {
      expect(await verdict(await issuer.token({ scope }))).toMatchObject({ scopes: ['read:*/*', 'tag:management'] });
    }
  });

  test('scopes stand where else it was said, too', async () => {
    const token = await issuer.token({
      scope: 'leveret.read:a/*',
      roles: ['leveret.read:b/*'],
      realm: { access: [{ scopes: 'leveret.read:c/*' }, { scopes: { leveret: 'read:d/*' } }, 7] },
      authorization: { permissions: [{ scopes: ['leveret.read:e/*'] }] },
    });
    const all = ['a', 'b', 'c', 'd', 'e'].map((vhost) => `read:${vhost}/*`);
    expect(await verdict(token, { additionalScopesKey: 'roles realm.access.scopes nowhere.at.all' })).toMatchObject({
      scopes: all,
    });
  });

  test('a scope stands for others, and a prefix may be any', async () => {
    const token = await issuer.token({ scope: 'api://admin read:x/*' });
    const scopeAliases = { 'api://admin': ['tag:administrator', 'configure:*/*'] };
    const scopes = ['api://admin', 'configure:*/*', 'read:x/*', 'tag:administrator'];
    expect(await verdict(token, { scopeAliases, scopePrefix: '' })).toMatchObject({ scopes });
  });

  test('the user is the first claim that is there', async () => {
    const token = await issuer.token({ sub: 'subject', client_id: 'client', email: 'ann@example.org', nickname: 7 });
    expect(await verdict(token)).toMatchObject({ name: 'subject' });
    expect(await verdict(token, { preferredUsernameClaims: ['nickname', 'email'] })).toMatchObject({
      name: 'ann@example.org',
    });
    const client = await issuer.token({ sub: undefined, client_id: 'client' });
    expect(await verdict(client)).toMatchObject({ name: 'client' });
    expect(await verdict(await issuer.token({ sub: undefined }))).toBe('the token names no user');
  });

  test.each([
    ['another audience', { aud: 'other' }, 'the token is not for \'leveret\': its audience (aud) is "other"'],
    ['no audience', { aud: undefined }, "the token is not for 'leveret': its audience (aud) is not there"],
    ['another issuer', { iss: 'other' }, 'the token is of another issuer: iss is "other"'],
    ['no end', { exp: undefined }, 'the token does not say when it expires'],
    ['a begin that is to come', { nbf: 4_000_000_000 }, 'the token is not valid yet: nbf is 4000000000'],
    [
      'too many scopes',
      { scope: Array.from({ length: 2049 }, (_, i) => `leveret.read:${i}/*`) },
      'the token has 2049 scopes, and 2048 are the most',
    ],
    ['a long name', { sub: 'ü'.repeat(128) }, 'the token names a user with more than 255 octets'],
  ])('a token with %s is refused', async (_, claims, reason) => {
    expect(await verdict(await issuer.token(claims))).toBe(reason);
  });

  test('an audience may be one of several, in a list or a text', async () => {
    for (const aud of [['other', RESOURCE], `other ${RESOURCE}`]) {
      expect(await verdict(await issuer.token({ aud }))).toMatchObject({ name: 'ann' });
    }
    expect(await verdict(await issuer.token({ aud: 'other' }), { verifyAudience: false })).toMatchObject({
      name: 'ann',
    });
  });

  test('a token that has expired is refused, to the second; the clock of who began it may be ahead a little', async () => {
    expect(await verdict(await issuer.token({}, { expiresIn: 0 }))).toMatch(/^the token has expired/);
    expect(await verdict(await issuer.token({ nbf: Date.now() / 1000 + 5 }))).toMatchObject({ name: 'ann' });
  });

  test('a signature by another key with the same name is wrong, and so is a changed token', async () => {
    const stranger = { ...(await issuer.newKey()), id: issuer.keys[0]?.id ?? '' };
    expect(await verdict(await issuer.token({}, { key: stranger }))).toBe('the signature of the token is wrong');
    const [header, , signature] = (await issuer.token()).split('.');
    const claims = Buffer.from(JSON.stringify({ sub: 'root' })).toString('base64url');
    expect(await verdict(`${header}.${claims}.${signature}`)).toBe('the signature of the token is wrong');
    expect(await verdict(`${header}.x.y`)).toMatch(/^the (token cannot be read|signature of the token is wrong)$/);
  });

  test('what a token says of where its keys are is not heard', async () => {
    const key = await issuer.newKey();
    const header = { jku: issuer.url, jwk: key.publicJwk, x5u: issuer.url };
    const before = issuer.asked;
    expect(await verdict(await issuer.token({}, { key, header }))).toBe(`no key "${key.id}" for RS256 is known`);
    expect(issuer.asked).toBe(before);
  });
});

test.each([
  'guest',
  '',
  'a.b.c',
  'eyJhbGciOiJSUzI1NiJ9',
  'eyJhbGciOiJSUzI1NiJ9.x',
  'W10.W10.W10',
  'eyJhbGciOjd9.x.y',
  '..',
])('the password %j is none that is meant as a token', (password) => {
  expect(looksLikeToken(password)).toBe(false);
});

describe('whatever somebody may send', () => {
  const seed = Number(process.env.TOKEN_SEED ?? 1 + (Date.now() % 1_000_000));
  const random = randomNumbers(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const odd = [null, true, 0, -1, 1e300, '', 'x', [], {}, [[]], { keys: 7 }, 'RS256', 'none', '\u{1f407}'];
  const fields = ['alg', 'kid', 'crit', 'b64', 'typ', 'jwk', 'jku', 'x5c', 'zip', 'enc', 'exp', '__proto__'];

  function mutated(token: string): string {
    const [header = '', claims = '', signature = ''] = token.split('.');
    const own = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
    switch (below(5)) {
      case 0:
        return [
          encoded({ ...own, [fields[below(fields.length)] ?? '']: odd[below(odd.length)] }),
          claims,
          signature,
        ].join('.');
      case 1:
        return [header, encoded(odd[below(odd.length)]), signature].join('.');
      case 2:
        return [header, claims, signature.slice(0, below(signature.length))].join('.');
      case 3: {
        const at = below(token.length);
        return `${token.slice(0, at)}${String.fromCharCode(33 + below(90))}${token.slice(at + 1)}`;
      }
      default:
        return [header, claims, signature, claims].slice(0, below(5)).join('.');
    }
  }

  test(`is refused with a reason, and never fails (TOKEN_SEED=${seed})`, async () => {
    const token = await issuer.token();
    const judge = verifier();
    for (let i = 0; i < 500; i++) {
      const sent = mutated(token);
      const judged = await judge.verify(sent);
      // A letter may have become itself, or stand where base64url holds nothing.
      if (judged.ok) expect(sent.slice(0, -1)).toBe(token.slice(0, -1));
      else expect(judged.reason).toMatch(/^(the token|the signature|no key)(?!.*cannot be verified)/);
    }
  });

  test('claims that nobody would make are read without fault', async () => {
    for (const value of odd) {
      const claims = { scope: value, aud: value, roles: value, authorization: { permissions: value }, email: value };
      const rules = { additionalScopesKey: 'roles roles.x', preferredUsernameClaims: ['email'], verifyAudience: false };
      expect(await verdict(await issuer.token(claims), rules)).toMatchObject({ expiresAt: expect.any(Number) });
    }
    for (const value of odd) {
      for (const claim of ['sub', 'aud', 'iss', 'exp', 'nbf']) {
        const judged = await verdict(await issuer.token({ [claim]: value }));
        if (typeof judged === 'string') expect(judged).toMatch(/^the token/);
      }
    }
  });
});

describe('keys', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test('are read from PEM, several one after the other', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    expect(readSigningKeys(`${pem}\n${pem}`).map(({ id, algorithms }) => ({ id, algorithms }))).toEqual(
      Array(2).fill({ id: null, algorithms: ['ES256'] }),
    );
  });

  test.each([
    [
      'private keys',
      () => privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'holds a private key: the broker must know the public one only',
    ],
    [
      'private JWKs',
      () => JSON.stringify(privateKey.export({ format: 'jwk' })),
      'holds a private key: the broker must know the public one only',
    ],
    [
      'secrets',
      () => JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }),
      /^holds no key that signs by one of RS256/,
    ],
    [
      'short RSA keys',
      () => JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })),
      /^holds no key/,
    ],
    [
      'keys for encryption',
      () => JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'enc' }] }),
      /^holds no key/,
    ],
    ['garbage', () => '<html>', 'is neither JSON (a JWKS) nor PEM (-----BEGIN PUBLIC KEY-----)'],
    ['no list', () => '{"keys":7}', "is no JWKS: 'keys' must be a list"],
    [
      'garbage in PEM',
      () => '-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----',
      'holds a public key that cannot be read',
    ],
  ])('%s are refused', (_, text, reason) => {
    expect(() => readSigningKeys(String(text()))).toThrow(reason);
  });
});

describe('keys at a URL', () => {
  let now = 0;
  let lines: string[] = [];
  const remote = () =>
    new RemoteKeys({
      from: issuer.url,
      url: async () => issuer.url,
      authority: null,
      now: () => now,
      report: (line) => lines.push(line),
    });
  const ids = async (keys: RemoteKeys, id: string) => (await keys.find('RS256', id)).map((key) => key.id);
  const first = () => issuer.keys[0]?.id ?? '';
  afterEach(() => {
    issuer.answer = null;
    lines = [];
  });

  test('are asked for once for all who come at a time', async () => {
    const keys = remote();
    const before = issuer.asked;
    const found = await Promise.all(Array.from({ length: 50 }, () => ids(keys, first())));
    expect(new Set(found.flat())).toEqual(new Set([first()]));
    expect(issuer.asked).toBe(before + 1);
  });

  test('are asked for again when one is unknown, but not more often than every few seconds', async () => {
    const keys = remote();
    await ids(keys, first());
    await issuer.rotate();
    const before = issuer.asked;
    for (let i = 0; i < 20; i++) expect(await ids(keys, `made-up-${i}`)).toEqual([]);
    expect(issuer.asked).toBe(before);
    now += 5_000;
    expect(await ids(keys, first())).toEqual([first()]);
    expect(issuer.asked).toBe(before + 1);
  });

  test('that were withdrawn count no longer after a while', async () => {
    const keys = remote();
    const withdrawn = first();
    expect(await ids(keys, withdrawn)).toEqual([withdrawn]);
    await issuer.rotate();
    now += 600_000;
    expect(await ids(keys, withdrawn)).toEqual([]);
  });

  test.each([
    ['is down', (_: unknown, response: import('node:http').ServerResponse) => response.destroy(), 'socket hang up'],
    [
      'says no',
      (_: unknown, response: import('node:http').ServerResponse) => response.writeHead(500).end(),
      'the answer was status 500',
    ],
    [
      'sends elsewhere',
      (_: unknown, response: import('node:http').ServerResponse) =>
        response.writeHead(302, { location: '/keys' }).end(),
      'the answer was status 302',
    ],
    [
      'talks garbage',
      (_: unknown, response: import('node:http').ServerResponse) => response.end('<html>'),
      'the answer is neither JSON (a JWKS) nor PEM (-----BEGIN PUBLIC KEY-----)',
    ],
    [
      'has no end',
      (_: unknown, response: import('node:http').ServerResponse) => response.end(Buffer.alloc(1024 ** 2, ' ')),
      'the answer has more than 256 KiB',
    ],
  ])('that are known go on while the issuer %s, which is told once', async (_, answer, reason) => {
    const keys = remote();
    expect(await ids(keys, first())).toEqual([first()]);
    issuer.answer = answer;
    for (let i = 0; i < 3; i++) {
      now += 600_000;
      expect(await ids(keys, first())).toEqual([first()]);
    }
    expect(lines).toEqual([
      `the keys of tokens cannot be had from ${issuer.url}: ${reason}; those that are known go on`,
    ]);
    issuer.answer = null;
    now += 600_000;
    expect(await ids(keys, first())).toEqual([first()]);
    expect(lines.at(-1)).toBe(`the keys of tokens are to be had from ${issuer.url} again`);
  });

  test('that cannot be had in time are not waited for', async () => {
    issuer.answer = () => {};
    expect(await ids(remote(), first())).toEqual([]);
    expect(lines).toEqual([
      `the keys of tokens cannot be had from ${issuer.url}: no answer within 5 s; tokens are refused meanwhile`,
    ]);
  });
});
