/** A cluster's stream is made as it must be, and one that promises less is refused, with the reason and the cure. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogStream } from '../../../src/cluster/stream/log-stream.js';
import { type NatsOptions, openNatsStream } from '../../../src/cluster/stream/nats/nats-open.js';
import { StreamRefusedError } from '../../../src/cluster/stream/stream-error.js';
import { useCertificates } from '../../support/certificates.js';
import { NatsServers, SYSTEM, USER } from '../support/nats-servers.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, server: workshop.signed('server', authority), stranger: workshop.authority('stranger') };
});

/** Why it is not opened, where nothing is allowed. */
async function refusals(options: NatsOptions): Promise<readonly string[]> {
  try {
    await (await openNatsStream(options)).close();
    return [];
  } catch (error) {
    if (error instanceof StreamRefusedError) return error.reasons;
    throw error;
  }
}

/** Opens, and closes; what was refused, or what it was allowed in spite of. */
async function reasons(options: NatsOptions): Promise<readonly string[]> {
  let stream: LogStream | null = null;
  const weaknesses: string[] = [];
  try {
    stream = await openNatsStream({ ...options, allowWeak: (weakness) => weaknesses.push(weakness) });
    expect(await refusals(options)).toHaveLength(weaknesses.length);
    return weaknesses;
  } catch (error) {
    if (!(error instanceof StreamRefusedError)) throw error;
    return error.reasons;
  } finally {
    await stream?.close();
  }
}

function use(start: () => Promise<NatsServers>): (more: Partial<NatsOptions>) => NatsOptions {
  let servers: NatsServers;
  beforeAll(async () => {
    servers = await start();
  }, 120_000);
  afterAll(() => servers.end());
  return (more) => ({
    servers: servers.addresses,
    login: USER,
    monitors: servers.monitors,
    stream: 'LOG',
    node: 'a',
    octetsMax: 64 << 20,
    ...more,
  });
}

describe('of three servers that sync before they acknowledge', () => {
  const options = use(() => NatsServers.start());

  test('the stream is made with three replicas, on disk, and opened again', async () => {
    expect(await reasons(options({}))).toEqual([]);
    const { monitors: _, ...silent } = options({ system: SYSTEM });
    expect(await reasons(silent)).toEqual([]);
  });

  test('it is refused where nobody says whether they sync, until it is allowed', async () => {
    const { monitors: _, ...silent } = options({});
    for (const sources of [{}, { system: USER }, { monitors: ['http://127.0.0.1:1'] }]) {
      const [reason, ...others] = await reasons({ ...silent, ...sources });
      expect([reason, others]).toEqual([
        expect.stringMatching(
          /^whether n\d, n\d, n\d syncs before it acknowledges cannot be found out: give a login of the system account/,
        ),
        [],
      ]);
    }
  });

  const anew: [Partial<StreamConfig>, RegExp][] = [
    [{ num_replicas: 1 }, /^it has 1 replicas, .*: nats stream edit WRONG-\d+ --replicas 3/],
    [{ storage: 'memory' as StreamConfig['storage'] }, /^it is kept in memory/],
    [{ max_age: 1e12 }, /^it lets go of messages by their age: nats stream edit WRONG-\d+ --max-age 0/],
    [{ discard: 'old' as StreamConfig['discard'] }, /^it lets go of old messages when it is full/],
    [{ subjects: ['other'] }, /^it takes other, not WRONG-\d+ alone/],
    [{ max_msgs_per_subject: 5 }, /^it keeps 5 messages of a subject alone/],
    [{ deny_purge: true }, /^it refuses to be purged/],
    [{ retention: 'interest' as StreamConfig['retention'] }, /^its retention is interest, not limits/],
    [{ no_ack: true }, /^it acknowledges nothing/],
  ];
  test.each(anew)('one that somebody has made with %o is refused, or allowed by name', async (config, reason) => {
    const wrong = options({ stream: `WRONG-${anew.findIndex(([other]) => other === config)}` });
    const connection = await connect({ servers: [...wrong.servers], user: USER.user, pass: USER.password });
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const right = { num_replicas: 3, discard: 'new' as StreamConfig['discard'], max_bytes: 1 << 20 };
      await manager.streams.add({ name: wrong.stream, subjects: [wrong.stream], ...right, ...config });
      expect(await refusals(wrong)).toEqual([expect.stringMatching(reason)]);
    } finally {
      await connection.close();
    }
  });

  test('a stream that is full says so, and takes more when it is purged', async () => {
    const stream = await openNatsStream(options({ stream: 'FULL', octetsMax: 1 << 20 }));
    try {
      const append = (expected: number) =>
        new Promise<string>((resolve) => {
          stream.append(Buffer.alloc(300_000), expected, (answer) =>
            resolve(answer.kind === 'unknown' ? answer.error.code : answer.kind),
          );
        });
      const told = [await append(0), await append(1), await append(2), await append(3)];
      expect(told).toEqual(['accepted', 'accepted', 'accepted', 'full']);
      await new Promise((resolve) => stream.purge(2, resolve));
      expect(await append(3)).toBe('accepted');
    } finally {
      await stream.close();
    }
  });

  test('a user without rights is told so', async () => {
    const [reason] = await reasons(options({ login: { user: 'guest', password: 'guest' } }));
    expect(reason).toMatch(
      /^it cannot be asked for \(.*\): 3 servers with JetStream .* a user who may use \$JS\.API\.>$/,
    );
  });

  test('a wrong password, and a server that is not there, are told with the addresses', async () => {
    const [wrong] = await reasons(options({ login: { user: USER.user, password: 'wrong' } }));
    expect(wrong).toMatch(/^none of the NATS servers 127\.0\.0\.1:\d+.* lets this node in: .*authorization/i);
    const nobody = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => nobody.once('listening', resolve));
    const { port } = nobody.address() as { port: number };
    await new Promise((resolve) => nobody.close(resolve));
    const [reason] = await reasons(options({ servers: [`127.0.0.1:${port}`] }));
    expect(reason).toMatch(new RegExp(`^none of the NATS servers 127.0.0.1:${port} lets this node in: `));
  });

  test('a name that NATS would not take is refused', async () => {
    expect(await reasons(options({ stream: 'a.b' }))).toEqual([
      'a name has letters, digits, - and _, at most 128 of them',
    ]);
  });
});

describe('of servers that sync at times', () => {
  const options = use(() => NatsServers.start({ sync: '2m' }));

  test('it is refused: each server is named, and what to set', async () => {
    const told = await reasons(options({}));
    expect(told).toHaveLength(3);
    for (const reason of told)
      expect(reason).toMatch(/^the server n\d syncs every 120 s, .*: set sync_interval: always/);
  });
});

describe('of one server', () => {
  const options = use(() => NatsServers.start({ count: 1 }));

  test('three replicas cannot be made; one is weak, and can be allowed', async () => {
    const [reason] = await reasons(options({}));
    expect(reason).toMatch(/^it is not there, and cannot be made with 3 replicas \(.*\): 3 servers with JetStream/);
    expect(await reasons(options({ replicas: 1 }))).toEqual([expect.stringMatching(/^it has 1 replicas/)]);
  });
});

describe('by TLS', () => {
  const options = use(() => {
    const { authority, server } = certificates();
    const tls = `tls { cert_file: "${server.certificate}", key_file: "${server.key}", ca_file: "${authority.certificate}", verify: true }`;
    return NatsServers.start({ more: tls });
  });

  test('it is opened with the right certificates, by files or by texts, and not with others', async () => {
    const { authority, server, stranger } = certificates();
    const files = { caFile: authority.certificate, certFile: server.certificate, keyFile: server.key };
    expect(await reasons(options({ tls: files }))).toEqual([]);
    const read = (file: string) => readFileSync(file, 'utf8');
    const tls = { ca: read(authority.certificate), cert: read(server.certificate), key: read(server.key) };
    expect(await reasons(options({ tls }))).toEqual([]);
    const [wrong] = await reasons(options({ tls: { ...files, caFile: stranger.certificate } }));
    expect(wrong).toMatch(/lets this node in: .*certificate/);
  });
});
