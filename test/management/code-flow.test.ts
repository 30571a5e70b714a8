/** The authorization code flow as the broker plays it, against an issuer that answers what a test wants. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { fixedKeys } from '../../src/connection/tokens/key-source.js';
import type { SignInSetup } from '../../src/connection/tokens/oauth-setup.js';
import { endpointsIn } from '../../src/connection/tokens/provider.js';
import { CodeFlow, SignInTrouble } from '../../src/management/signing-in/code-flow.js';
import { Issuer } from '../support/issuer.js';

const issuer = await Issuer.start('ES256');
const base = new URL(issuer.url).origin;
afterAll(() => issuer.close());

const BACK = 'http://127.0.0.1:15672/js/oidc-oauth/login-callback.html';
const CLIENT_ID = 'page';

interface Posted {
  readonly fields: URLSearchParams;
  readonly authorization: string | undefined;
}

let posted: Posted[];
let answer: { status: number; body: object };
beforeEach(() => {
  posted = [];
  answer = { status: 200, body: {} };
  issuer.answer = async (request: IncomingMessage, response) => {
    posted.push({ fields: new URLSearchParams(await text(request)), authorization: request.headers.authorization });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  };
});

function flow(setup: Partial<SignInSetup> = {}, more: object = {}): CodeFlow {
  const configuration = {
    issuer: base,
    jwks_uri: issuer.url,
    authorization_endpoint: `${base}/auth?tenant=7`,
    token_endpoint: `${base}/token`,
    ...more,
  };
  const known = endpointsIn(JSON.stringify(configuration), base);
  return new CodeFlow(
    {
      provider: { url: base, issuer: base, authority: null, known },
      clientId: CLIENT_ID,
      clientSecret: null,
      scopes: ['openid', 'profile'],
      authorizationParams: { resource: 'urn:broker' },
      tokenParams: { audience: 'broker' },
      ...setup,
    },
    fixedKeys(JSON.stringify(issuer.jwks)),
  );
}

const idToken = (nonce: string, claims: object = {}): Promise<string> =>
  issuer.token({ iss: base, aud: CLIENT_ID, nonce, ...claims });

async function begun(of = flow()) {
  const { url, begun } = await of.begin(BACK);
  const asked = new URL(url).searchParams;
  return { begun, asked, url, back: new URLSearchParams({ code: 'c0de', state: begun.state }) };
}

async function troubleWith(query: Readonly<Record<string, string>>, of = flow()): Promise<string> {
  const { begun, back } = await (async () => {
    const { url: _, begun } = await of.begin(BACK);
    return { begun, back: new URLSearchParams({ code: 'c0de', state: begun.state, ...query }) };
  })();
  const trouble = await of.finish(begun, back).catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(SignInTrouble);
  return (trouble as Error).message;
}

test('the issuer is asked for a code, with a challenge, a state and a nonce that nobody can guess', async () => {
  const { begun: first, asked, url } = await begun();
  expect(url.startsWith(`${base}/auth?tenant=7&`)).toBe(true);
  expect(Object.fromEntries(asked)).toEqual({
    tenant: '7',
    resource: 'urn:broker',
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: BACK,
    scope: 'openid profile',
    state: first.state,
    nonce: first.nonce,
    code_challenge: createHash('sha256').update(first.verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const { begun: second } = await begun();
  const secrets = [first, second].flatMap(({ state, nonce, verifier }) => [state, nonce, verifier]);
  expect(new Set(secrets).size).toBe(6);
  expect(secrets.every((secret) => /^[\w-]{43}$/.test(secret))).toBe(true);
});

test('the code is exchanged with the verifier, and what is given is taken', async () => {
  const of = flow();
  const { begun: one, back } = await begun(of);
  const access = await issuer.token();
  const identity = await idToken(one.nonce);
  answer.body = { access_token: access, refresh_token: 'again', id_token: identity };
  expect(await of.finish(one, back)).toEqual({ access, refresh: 'again', identity });
  expect(posted.map(({ fields }) => Object.fromEntries(fields))).toEqual([
    {
      audience: 'broker',
      client_id: CLIENT_ID,
      grant_type: 'authorization_code',
      code: 'c0de',
      redirect_uri: BACK,
      code_verifier: one.verifier,
    },
  ]);
});

test.each([
  ['by HTTP Basic', {}, `Basic ${Buffer.from('page:s%26+cret').toString('base64')}`, null],
  ['in the form', { token_endpoint_auth_methods_supported: ['client_secret_post'] }, undefined, 's& cret'],
])('a secret is shown %s, as the issuer takes it', async (_, more, authorization, inForm) => {
  const of = flow({ clientSecret: 's& cret' }, more);
  const { begun: one, back } = await begun(of);
  answer.body = { access_token: await issuer.token(), id_token: await idToken(one.nonce) };
  await of.finish(one, back);
  expect(posted[0]?.authorization).toBe(authorization);
  expect(posted[0]?.fields.get('client_secret')).toBe(inForm);
});

test.each([
  ['another state', { state: 'forged' }, 'this answer belongs to another sign-in (state)'],
  ['no state', { state: '' }, 'this answer belongs to another sign-in (state)'],
  ['another issuer', { iss: 'https://other.example' }, 'this answer is not of 127.0.0.1'],
  ['a refusal', { error: 'access_denied', error_description: 'not\u0000you' }, 'has refused (access_denied): not you'],
])('an answer with %s is no sign-in, and no code is exchanged', async (_, query, reason) => {
  expect(await troubleWith(query)).toContain(reason);
  expect(posted).toEqual([]);
});

test('an issuer that says to name itself has to', async () => {
  const of = flow({}, { authorization_response_iss_parameter_supported: true });
  expect(await troubleWith({}, of)).toContain('this answer is not of 127.0.0.1');
});

test.each<[string, (nonce: string) => Promise<object>, string]>([
  ['another nonce', async () => ({ id_token: await idToken('other') }), 'another sign-in (nonce)'],
  [
    'no nonce',
    async () => ({ id_token: await issuer.token({ iss: base, aud: CLIENT_ID }) }),
    'another sign-in (nonce)',
  ],
  ['no id_token', async () => ({}), 'has not signed who this is'],
  ['one for another client', async (nonce) => ({ id_token: await idToken(nonce, { aud: 'x' }) }), 'aud'],
  [
    'one given to another client',
    async (nonce) => ({ id_token: await idToken(nonce, { aud: [CLIENT_ID, 'x'], azp: 'x' }) }),
    '(azp)',
  ],
  ['one of another issuer', async (nonce) => ({ id_token: await idToken(nonce, { iss: 'x' }) }), 'another issuer'],
  [
    'one that is over',
    async (nonce) => ({ id_token: await idToken(nonce, { exp: Math.floor(Date.now() / 1000) - 60 }) }),
    'expired',
  ],
  [
    'one by a key that is not shown',
    async (nonce) => ({
      id_token: await issuer.token({ iss: base, aud: CLIENT_ID, nonce }, { key: await issuer.newKey('ES256') }),
    }),
    'no key',
  ],
])('tokens with %s are no sign-in', async (_, given, reason) => {
  const of = flow();
  const { begun: one, back } = await begun(of);
  answer.body = { access_token: await issuer.token(), ...(await given(one.nonce)) };
  await expect(of.finish(one, back)).rejects.toThrow(reason);
});

test('an access token that only the issuer can read is refused, with what may help', async () => {
  const of = flow();
  const { begun: one, back } = await begun(of);
  answer.body = { access_token: 'opaque', id_token: await idToken(one.nonce) };
  await expect(of.finish(one, back)).rejects.toThrow('oauth_authorization_endpoint_params');
});

test.each([
  [
    'refuses the code',
    400,
    { error: 'invalid_grant', error_description: 'too late' },
    'refused (invalid_grant): too late',
  ],
  ['fails', 502, { error: 'x' }, 'by status 502'],
])('an issuer that %s is told of', async (_, status, body, reason) => {
  answer = { status, body };
  expect(await troubleWith({})).toContain(reason);
});

test('where the issuer says so, a browser ends its session there, and comes back; else nowhere', async () => {
  const page = 'http://127.0.0.1:15672/';
  expect(await flow().leave('who', page)).toBeNull();
  const of = flow({}, { end_session_endpoint: `${base}/leave?tenant=7` });
  const url = new URL((await of.leave('who', page)) ?? '');
  expect(url.href.startsWith(`${base}/leave?`)).toBe(true);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: '7',
    id_token_hint: 'who',
    client_id: CLIENT_ID,
    post_logout_redirect_uri: page,
  });
});

test('tokens are renewed until the issuer refuses; one that fails may be asked again', async () => {
  const of = flow();
  const access = await issuer.token();
  answer.body = { access_token: access };
  expect(await of.refresh('r1')).toEqual({ access, refresh: 'r1' });
  expect(posted[0]?.fields.get('refresh_token')).toBe('r1');
  answer = { status: 503, body: {} };
  await expect(of.refresh('r1')).rejects.toThrow('by status 503');
  answer = { status: 400, body: { error: 'invalid_grant' } };
  expect(await of.refresh('r1')).toBeNull();
});
