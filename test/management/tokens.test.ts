/** The HTTP API by tokens (OAuth 2), in the places where RabbitMQ's takes them, with the rights that their scopes give. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedBroker, startEmbedded, troubles } from '../support/embedded.js';
import { ALL_SCOPES, Issuer, RESOURCE } from '../support/issuer.js';
import { Inbox } from '../support/waiting.js';
import { HttpApi } from './support/http-client.js';

const lines = new Inbox<string>();
let issuer: Issuer;
let started: EmbeddedBroker;
beforeAll(async () => {
  issuer = await Issuer.start('ES256');
  started = await startEmbedded(undefined, {
    log: troubles((line) => lines.push(line)),
    oauth: { resourceServerId: RESOURCE, jwksUrl: issuer.url, issuer: 'issuer' },
    management: { host: '127.0.0.1', port: 0 },
  });
});
afterAll(async () => {
  await started.embedded.stop();
  await issuer.close();
});

const tagged = (tag: string, ...scopes: string[]) =>
  issuer.token({ scope: [`${RESOURCE}.tag:${tag}`, ...scopes.map((scope) => `${RESOURCE}.${scope}`)] });

/** By `Authorization: Bearer`. */
async function bear(token: string, path: string, method = 'GET', body?: unknown) {
  const answer = await fetch(`http://127.0.0.1:${started.embedded.management?.port}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? null : (JSON.parse(text) as unknown) };
}

it('the bearer of a token has the name and the tags that it says', async () => {
  const token = await issuer.token({ scope: [...ALL_SCOPES, `${RESOURCE}.tag:monitoring`, `${RESOURCE}.tag:useless`] });
  const whoami = { status: 200, json: { name: 'ann', tags: ['monitoring'] } };
  expect(await bear(token, '/whoami')).toEqual(whoami);
  const basic = new HttpApi(started.embedded, { user: 'whoever', password: token });
  expect(await basic.get('/whoami')).toMatchObject(whoami);
});

it('a token without a tag is shown nothing', async () => {
  expect(await bear(await issuer.token(), '/whoami')).toEqual({
    status: 401,
    json: { error: 'not_authorised', reason: 'Not management user' },
  });
});

it('scopes say which vhosts are there, and what may be changed in them', async () => {
  const { administration } = started.embedded;
  await administration.createVhost('theirs');
  const token = await tagged('management', 'configure:%2F/mine*', 'read:%2F/mine*', 'write:%2F/*');
  expect((await bear(token, '/vhosts?columns=name')).json).toEqual([{ name: '/' }]);
  expect((await bear(token, '/queues/theirs')).status).toBe(401);
  expect((await bear(token, '/queues/%2F/mine', 'PUT', {})).status).toBe(201);
  expect(await bear(token, '/queues/%2F/other', 'PUT', {})).toMatchObject({
    status: 401,
    json: { reason: "access to queue 'other' in vhost '/' refused for user 'ann'" },
  });
  const message = { payload: 'x', payload_encoding: 'string', properties: {}, routing_key: 'mine' };
  expect((await bear(token, '/exchanges/%2F/amq.default/publish', 'POST', message)).json).toEqual({ routed: true });
  const got = await bear(token, '/queues/%2F/mine/get', 'POST', { count: 1, encoding: 'auto' });
  expect(got.json).toMatchObject([{ payload: 'x' }]);
  expect((await bear(token, '/users')).status).toBe(401);
});

it('a user of the same name gets nothing of what a token does, and gives it nothing', async () => {
  const { users } = started.embedded.administration;
  await users.add('ann', 'secret', ['administrator']);
  const token = await tagged('administrator', 'configure:none/*');
  expect((await bear(token, '/vhosts/made', 'PUT', {})).status).toBe(201);
  expect(await users.permissionsOf('ann')).toEqual([]);
  expect((await bear(await tagged('management'), '/users')).status).toBe(401);
  await users.delete('ann');
});

it('a token that is wrong, expired or of others is refused, and told in the log', async () => {
  const refused = { status: 401, json: { error: 'not_authorized', reason: 'Login failed' } };
  const expired = await issuer.token({ scope: ALL_SCOPES }, { expiresIn: -60 });
  expect(await bear(expired, '/whoami')).toEqual(refused);
  expect(await lines.next('the refusal in the log')).toMatch(
    /^login from 127.0.0.1 as user "" refused: the token has expired/,
  );
  expect(await bear('not.a.token', '/whoami')).toEqual(refused);
  for (let i = 0; i < 5; i++) await bear(expired, '/whoami');
  const token = await tagged('monitoring');
  expect((await bear(token, '/whoami')).status, 'what is right is taken where others fail').toBe(200);
});

it('a broker that takes no tokens says so', async () => {
  const heard = new Inbox<string>();
  const { embedded } = await startEmbedded(undefined, {
    log: troubles((line) => heard.push(line)),
    management: { host: '127.0.0.1', port: 0 },
  });
  const answer = await fetch(`http://127.0.0.1:${embedded.management?.port}/api/whoami`, {
    headers: { authorization: `Bearer ${await tagged('administrator')}` },
  });
  expect(answer.status).toBe(401);
  expect(await heard.next('the refusal in the log')).toBe(
    'login from 127.0.0.1 as user "" refused: no tokens are taken here',
  );
  await embedded.stop();
});
