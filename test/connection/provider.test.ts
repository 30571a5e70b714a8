/** What a provider tells of itself: what is taken of it, and what is refused. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { askedAhead, keySource, type OauthSetup } from '../../src/connection/tokens/oauth-setup.js';
import { endpointsIn, Provider } from '../../src/connection/tokens/provider.js';
import { Issuer } from '../support/issuer.js';

const issuer = await Issuer.start('ES256');
const base = new URL(issuer.url).origin;
afterAll(() => issuer.close());

let asked: string[];
let configuration: object;
beforeEach(() => {
  asked = [];
  configuration = { issuer: base, jwks_uri: issuer.url };
  issuer.answer = (request, response) => {
    asked.push(request.url ?? '');
    const told = request.url === '/keys' ? issuer.jwks : configuration;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(told));
  };
});

const PROVIDER = { url: `${base}/`, issuer: base, authority: null, known: null };
const setup = (): OauthSetup => ({
  rules: {
    resourceServerId: 'leveret',
    issuer: base,
    verifyAudience: true,
    scopePrefix: 'leveret.',
    preferredUsernameClaims: [],
    additionalScopesKey: null,
    scopeAliases: {},
  },
  keys: { kind: 'provider', provider: PROVIDER },
  signIn: null,
});

const WHOLE = {
  issuer: 'https://a.example/x',
  jwks_uri: 'https://keys.example/',
  authorization_endpoint: 'https://a.example/auth',
  token_endpoint: 'https://a.example/token',
};

test('what is told is taken', () => {
  expect(endpointsIn(JSON.stringify(WHOLE), WHOLE.issuer)).toEqual({
    issuer: WHOLE.issuer,
    keys: WHOLE.jwks_uri,
    authorization: WHOLE.authorization_endpoint,
    token: WHOLE.token_endpoint,
    endSession: null,
    takesSecretInForm: false,
    namesItself: false,
  });
  const more = { ...WHOLE, end_session_endpoint: 'https://a.example/leave' };
  expect(endpointsIn(JSON.stringify(more), WHOLE.issuer).endSession).toBe(more.end_session_endpoint);
});

test.each([
  ['<html>', 'the answer is no JSON object'],
  ['[]', 'the answer is no JSON object'],
  [
    JSON.stringify({ ...WHOLE, issuer: `${WHOLE.issuer}/` }),
    "the issuer there is 'https://a.example/x/'; oauth_issuer",
  ],
  [JSON.stringify({ ...WHOLE, issuer: undefined }), 'the issuer there is not said'],
  [JSON.stringify({ ...WHOLE, jwks_uri: undefined }), 'no jwks_uri is there'],
  [JSON.stringify({ ...WHOLE, jwks_uri: 'http://keys.example/' }), 'jwks_uri there is'],
  [JSON.stringify({ ...WHOLE, token_endpoint: 'file:///etc/passwd' }), 'token_endpoint there is'],
  [JSON.stringify({ ...WHOLE, end_session_endpoint: 'javascript:x' }), 'end_session_endpoint there is'],
  [JSON.stringify({ ...WHOLE, authorization_endpoint: 7 }), 'authorization_endpoint there is 7, and not a URL'],
])('%s is refused', (text, reason) => {
  expect(() => endpointsIn(text, WHOLE.issuer)).toThrow(reason);
});

test('keys are found where the provider says, which is asked once', async () => {
  const lines: string[] = [];
  const known = await askedAhead(setup(), (line) => lines.push(line));
  const keys = keySource(known, (line) => lines.push(line));
  expect(await keys.find('ES256', issuer.keys[0]?.id)).toHaveLength(1);
  expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  expect(lines).toEqual([]);
});

test('a provider that cannot be asked at the start is told of in a line, and asked when a token comes', async () => {
  const lines: string[] = [];
  configuration = { issuer: 'x' };
  const unknown = await askedAhead(setup(), (line) => lines.push(line));
  expect(lines).toEqual([
    `the issuer of tokens does not tell how it is set up: ${base}/.well-known/openid-configuration: ` +
      `the issuer there is 'x'; oauth_issuer must be the same, and is '${base}'; tokens are refused until it does`,
  ]);
  configuration = { issuer: base, jwks_uri: issuer.url };
  const keys = keySource(unknown, (line) => lines.push(line));
  expect(await keys.find('ES256', issuer.keys[0]?.id)).toHaveLength(1);
});

test('a provider that fails is asked again after a while, by one of all who come', async () => {
  let now = 0;
  const provider = new Provider(PROVIDER, () => now);
  configuration = {};
  const all = await Promise.allSettled([provider.endpoints(), provider.endpoints()]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(provider.endpoints()).rejects.toThrow('the issuer there is not said');
  expect(asked).toHaveLength(1);
  configuration = { issuer: base, jwks_uri: issuer.url };
  now = 5_000;
  expect(await provider.endpoints()).toMatchObject({ keys: issuer.url });
  expect(asked).toHaveLength(2);
});
