import { describe, expect, it } from 'vitest';
import type { BrokerOptions } from '../../src/index.js';
import { startEmbedded } from '../support/embedded.js';
import { afterwards, cleanUp, directory } from '../support/kept-data.js';
import { HttpApi, useHttpApi } from './support/http-client.js';

const api = useHttpApi();

describe('definitions', () => {
  it('come back as they were sent, and say what they would make of another broker', async () => {
    const vhosts = [{ name: 'kept', description: 'of old', tags: ['a'], default_queue_type: 'quorum' }];
    const global_parameters = [{ name: 'note', value: { by: ['ann'] } }];
    expect((await api().post('/definitions', { vhosts, global_parameters })).status).toBe(204);
    const exported = await api().get('/definitions');
    expect(exported.json).toMatchObject({
      vhosts: expect.arrayContaining([expect.objectContaining(vhosts[0])]),
      global_parameters: expect.arrayContaining(global_parameters),
    });
    expect((await api().post('/definitions', exported.text)).status).toBe(204);
    expect((await api().get('/definitions')).json).toEqual(exported.json);
  });

  it('can be kept as a file, under a name that is one', async () => {
    const { headers } = await api().get('/definitions?download=../my%20"broker.json');
    expect(headers.get('content-disposition')).toBe('attachment; filename=".._my__broker.json"');
  });

  it('are imported from the form of a page, which is led on', async () => {
    const form = new FormData();
    form.set('file', new Blob([JSON.stringify({ vhosts: [{ name: 'by form' }] })]), 'definitions.json');
    form.set('redirect', '../#/import-succeeded');
    const answer = await api().postForm('/definitions', form);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('../#/import-succeeded');
    expect((await api().get('/vhosts/by%20form')).status).toBe(200);
  });

  it('lead no page to another site', async () => {
    for (const elsewhere of ['https://evil.example', '//evil.example', 'javascript:alert(1)', '..//evil.example']) {
      const form = new FormData();
      form.set('file', '{}');
      form.set('redirect', elsewhere);
      expect((await api().postForm('/definitions', form)).status).toBe(204);
    }
  });

  it('that are wrong change nothing, and say where', async () => {
    const queues = [{ name: 'q', vhost: '/', durable: 'yes' }];
    expect(await api().post('/definitions', { vhosts: [{ name: 'no vhost' }], queues })).toMatchObject({
      status: 400,
      json: { error: 'bad_request', reason: 'queues[0].durable must be true or false, not "yes"' },
    });
    expect((await api().get('/vhosts/no%20vhost')).status).toBe(404);
  });
});

describe('a vhost', () => {
  it('gives its type to queues that are declared without one, and could be of it', async () => {
    await api().put('/vhosts/typed', { default_queue_type: 'quorum' });
    await api().put('/queues/typed/lasting', { durable: true });
    await api().put('/queues/typed/passing', { durable: false });
    await api().put('/queues/typed/own', { durable: true, arguments: { 'x-queue-type': 'classic' } });
    expect((await api().get('/queues/typed?sort=name&columns=name,type')).json).toEqual([
      { name: 'lasting', type: 'quorum' },
      { name: 'own', type: 'classic' },
      { name: 'passing', type: 'classic' },
    ]);
  });

  it('takes queues that are there for the same, whatever it says later', async () => {
    await api().put('/vhosts/changed', { default_queue_type: 'quorum' });
    await api().put('/queues/changed/first', { durable: true });
    expect((await api().put('/queues/changed/first', { durable: true })).status).toBe(204);
    await api().put('/vhosts/changed', { default_queue_type: 'classic' });
    await api().put('/queues/changed/second', { durable: true });
    await api().put('/vhosts/changed', { default_queue_type: 'quorum' });
    expect((await api().put('/queues/changed/second', { durable: true })).status).toBe(204);
  });

  it('has no type that there is not', async () => {
    expect(await api().put('/vhosts/streaming', { default_queue_type: 'stream' })).toMatchObject({
      status: 400,
      json: { reason: "default_queue_type must be classic or quorum, not 'stream'" },
    });
    expect((await api().get('/vhosts/streaming')).status).toBe(404);
  });
});

describe('a node', () => {
  it('tells what of memory, descriptors, sockets and the disk is in use, and what there may be', async () => {
    const [node] = (await api().get('/nodes')).json as readonly Record<string, unknown>[];
    const counts = [
      'mem_used',
      'mem_limit',
      'fd_used',
      'fd_total',
      'sockets_used',
      'proc_used',
      'processors',
      'uptime',
    ];
    for (const name of counts) expect(node?.[name], name).toBeGreaterThan(0);
    expect(node).toMatchObject({
      running: true,
      mem_alarm: false,
      disk_free_alarm: false,
      os_pid: String(process.pid),
    });
    expect((await api().get(`/nodes/${String(node?.name)}/memory`)).json).toMatchObject({
      memory: { strategy: 'rss', total: { rss: expect.any(Number) } },
    });
  });

  it('keeps the name of its cluster', async () => {
    const { name } = (await api().get('/cluster-name')).json as { name: string };
    expect(name).toMatch(/^leveret@./);
    expect((await api().put('/cluster-name', { name: 'burrow' })).status).toBe(204);
    expect((await api().get('/overview?columns=cluster_name')).json).toEqual({ cluster_name: 'burrow' });
    expect(await api().put('/global-parameters/cluster_name', { value: 5 })).toMatchObject({
      status: 400,
      json: { reason: 'cluster_name must be a text' },
    });
  });
});

describe('a broker that keeps what it has', () => {
  cleanUp();

  async function start(data: BrokerOptions['data']): Promise<HttpApi> {
    const { embedded } = await startEmbedded(undefined, { data, management: { host: '127.0.0.1', port: 0 } });
    afterwards(() => embedded.stop());
    return new HttpApi(embedded);
  }

  it('says that publishers are held back when there is an alarm', async () => {
    const full = await start({ directory: directory(), diskFreeLimit: Number.MAX_SAFE_INTEGER });
    const [{ name } = { name: '' }] = (await full.get('/nodes')).json as readonly { name: string }[];
    expect(await full.get('/health/checks/alarms')).toMatchObject({
      status: 503,
      json: {
        status: 'failed',
        reason: 'There are alarms in effect in the cluster',
        alarms: [{ node: name, resource: 'disk' }],
      },
    });
    expect((await full.get('/nodes')).json).toMatchObject([{ disk_free_alarm: true, disk_free: expect.any(Number) }]);
    expect((await full.get('/healthchecks/node')).status).toBe(503);
  });

  it('has what was said of vhosts, its cluster and by global parameters after a restart', async () => {
    const data = { directory: directory(), diskFreeLimit: 0 };
    const before = await start(data);
    const metadata = { description: 'mine', tags: ['a', 'b'], default_queue_type: 'quorum', tracing: true };
    await before.put('/vhosts/v', metadata);
    await before.put('/global-parameters/note', { value: [1, { two: null }] });
    await before.put('/cluster-name', { name: 'burrow' });
    const answers = (of: HttpApi) =>
      Promise.all(['/vhosts/v', '/global-parameters', '/cluster-name'].map(async (path) => (await of.get(path)).json));
    const said = await answers(before);
    expect(said[0]).toMatchObject(metadata);
    await before.broker.stop();
    expect(await answers(await start(data))).toEqual(said);
  });

  it('does not delete a vhost that is protected from that, by whatever way, until that is taken back', async () => {
    const data = { directory: directory(), diskFreeLimit: 0 };
    const before = await start(data);
    const protection = '/vhosts/v/deletion/protection';
    expect((await before.post(protection, {})).status).toBe(404);
    await before.put('/vhosts/v', { description: 'kept' });
    expect((await before.get('/vhosts/v')).json).not.toHaveProperty('protected_from_deletion');
    expect((await before.post(protection, {})).status).toBe(204);
    const file = (await before.get('/definitions')).json;
    await before.broker.stop();
    const after = await start(data);
    const said = { protected_from_deletion: true, metadata: { description: 'kept', protected_from_deletion: true } };
    expect((await after.get('/vhosts/v')).json).toMatchObject(said);
    await after.put('/vhosts/v', { tags: 'a' });
    expect(await after.delete('/vhosts/v')).toMatchObject({
      status: 412,
      json: {
        error: 'precondition_failed',
        reason: "Refusing to delete virtual host 'v' because it is protected from deletion",
      },
    });
    expect(await after.broker.administration.deleteVhost('v')).toBe(false);
    expect((await after.delete(protection)).status).toBe(204);
    expect((await after.delete('/vhosts/v')).status).toBe(204);
    expect((await after.post('/definitions', file)).status).toBe(204);
    expect((await after.delete('/vhosts/v')).status).toBe(412);
  });
});
