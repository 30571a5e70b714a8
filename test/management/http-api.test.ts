import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

describe('whoever calls the HTTP API', () => {
  it('is nobody without a name and a password', async () => {
    const answer = await api().as(null).get('/whoami');
    expect(answer).toMatchObject({ status: 401, text: '' });
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="RabbitMQ Management"');
  });

  it('is refused with a wrong password', async () => {
    const answer = await api().as({ user: 'guest', password: 'guess' }).get('/whoami');
    expect(answer).toMatchObject({ status: 401, json: { error: 'not_authorized', reason: 'Login failed' } });
  });

  it('needs a tag for it', async () => {
    const { administration } = api().broker;
    await administration.users.add('plain', 'secret', []);
    const answer = await api().as({ user: 'plain', password: 'secret' }).get('/whoami');
    expect(answer).toMatchObject({ status: 401, json: { error: 'not_authorised', reason: 'Not management user' } });
  });

  it('is told who it is', async () => {
    expect(await api().get('/whoami')).toMatchObject({
      status: 200,
      json: { name: 'guest', tags: ['administrator'] },
    });
  });

  it('asks without a password whether the broker serves', async () => {
    expect(await api().as(null).get('/health/ready')).toMatchObject({ status: 200, json: { status: 'ok' } });
  });
});

describe('a request that is wrong', () => {
  it('is 404 for a path or a thing that is not there', async () => {
    const nothing = { status: 404, json: { error: 'Object Not Found', reason: 'Not Found' } };
    expect(await api().get('/nope')).toMatchObject(nothing);
    expect(await api().get('/queues/%2F/nope')).toMatchObject(nothing);
    expect(await api().get('/queues/nowhere/nope')).toMatchObject(nothing);
  });

  it('is 405 for a method that the path has not, and names those it has', async () => {
    const answer = await api().post('/whoami', {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('HEAD, GET, OPTIONS');
  });

  it('is 400 for a body that is no JSON', async () => {
    const answer = await api().put('/queues/%2F/half', '{"dur');
    expect(answer).toMatchObject({ status: 400, json: { error: 'bad_request', reason: 'not_json' } });
  });

  it('changes nothing when a page of another site has sent it', async () => {
    const answer = await api().put('/queues/%2F/foreign', {}, { origin: 'http://evil.example' });
    expect(answer.status).toBe(403);
    expect((await api().get('/queues/%2F/foreign')).status).toBe(404);
  });
});

describe('a queue', () => {
  it('is declared, found, declared again, and deleted', async () => {
    const path = '/queues/%2F/a%20queue';
    expect((await api().put(path, { durable: true, arguments: { 'x-max-length': 5 } })).status).toBe(201);
    expect((await api().put(path, { durable: true, arguments: { 'x-max-length': 5 } })).status).toBe(204);
    expect(await api().get(path)).toMatchObject({
      status: 200,
      json: { name: 'a queue', vhost: '/', durable: true, arguments: { 'x-max-length': 5 }, type: 'classic' },
    });
    expect(await api().put(path, { durable: false, arguments: { 'x-max-length': 5 } })).toMatchObject({
      status: 400,
      json: {
        error: 'bad_request',
        reason: "inequivalent arg 'durable' for queue 'a queue' in vhost '/': received 'false' but current is 'true'",
      },
    });
    expect((await api().delete(path)).status).toBe(204);
    expect((await api().delete(path)).status).toBe(404);
  });

  it('is declared with the rights of the caller alone', async () => {
    const { administration } = api().broker;
    await administration.users.add('limited', 'secret', ['management']);
    await administration.users.setPermissions({ user: 'limited', vhost: '/', configure: '^mine', write: '', read: '' });
    const limited = api().as({ user: 'limited', password: 'secret' });
    expect((await limited.put('/queues/%2F/mine', {})).status).toBe(201);
    expect(await limited.put('/queues/%2F/other', {})).toMatchObject({
      status: 401,
      json: { reason: "access to queue 'other' in vhost '/' refused for user 'limited'" },
    });
  });
});

describe('a list', () => {
  const names = ['list-c', 'list-a', 'list-B', 'other'];
  beforeAll(async () => {
    for (const name of names) await api().put(`/queues/%2F/${name}`, {});
  });

  it('is filtered by a part of the name or a regular expression, sorted, and cut to columns', async () => {
    const found = await api().get('/queues?name=LIST&sort=name&sort_reverse=true&columns=name');
    expect(found.json).toEqual([{ name: 'list-c' }, { name: 'list-a' }, { name: 'list-B' }]);
    const exact = await api().get('/queues?name=^list-[ab]$&use_regex=true&columns=name');
    expect(exact.json).toEqual([{ name: 'list-a' }]);
  });

  it('comes in pages', async () => {
    expect((await api().get('/queues?name=list&page=2&page_size=2&sort=name&columns=name')).json).toEqual({
      filtered_count: 3,
      item_count: 1,
      items: [{ name: 'list-c' }],
      page: 2,
      page_count: 2,
      page_size: 2,
      total_count: expect.any(Number),
    });
    expect(await api().get('/queues?page=99')).toMatchObject({ status: 400, json: { error: 'page_out_of_range' } });
    expect(await api().get('/queues?page=x')).toMatchObject({
      status: 400,
      json: { error: 'bad_request', reason: 'Pagination parameters are invalid' },
    });
  });

  it('is refused with a regular expression that is none', async () => {
    expect(await api().get('/queues?use_regex=true&name=(')).toMatchObject({ status: 400 });
  });
});

describe('two brokers', () => {
  let other: EmbeddedBroker;
  beforeAll(async () => {
    other = await startEmbedded();
  });
  afterAll(() => other.embedded.stop());

  it('cannot have the same port, and the second says so', async () => {
    const { port, hosts } = api().broker.management ?? { port: 0, hosts: [] };
    await expect(startEmbedded(undefined, { management: { host: hosts[0], port } })).rejects.toThrow(
      `cannot listen on http://${hosts[0]}:${port}: port ${port} on ${hosts[0]} is taken by another program`,
    );
  });

  it('have no HTTP API when they are not asked for one', () => {
    expect(other.embedded.management).toBeNull();
  });
});
