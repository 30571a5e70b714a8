/**
 * Clients that come in by their certificate (SASL EXTERNAL): to whom it is offered, as whom they come in, and how those
 * are refused whom it does not let in.
 */
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type ChannelModel, connect, credentials } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { decodeMethod, encodeMethod, PROTOCOL_HEADER, readFrame } from '../../../src/amqp/frames.js';
import type { Method } from '../../../src/amqp/protocol.js';
import { table } from '../../../src/amqp/table.js';
import type { BrokerOptions, TlsOptions } from '../../../src/index.js';
import { type Identity, pem, useCertificates } from '../../support/certificates.js';
import { startEmbedded, troubles } from '../../support/embedded.js';
import { build } from '../../support/methods.js';
import { Inbox } from '../../support/waiting.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  const another = workshop.authority('another');
  return {
    authority,
    broker: workshop.signed('broker', authority),
    hare: workshop.signed('hare', authority, undefined, {
      subject: '/O=Field, South/CN=hare',
      alternatives: 'DNS:hare.test,DNS:second.test,email:hare@field.test,URI:spiffe://field/hare,IP:10.1.2.3',
    }),
    nameless: workshop.signed('nameless', authority, undefined, { subject: '/O=Field' }),
    fox: workshop.signed('fox', authority),
    stranger: workshop.signed('hare-of-another', another),
  };
});

/** What a login is refused with, as in RabbitMQ. */
const REFUSED = 'Login was refused using authentication mechanism EXTERNAL. For details see the broker logfile.';
const ALL = { vhost: '/', configure: '.*', write: '.*', read: '.*' };

/** A broker that has these users, and what its log tells. */
async function broker(users: readonly string[], tls: Partial<TlsOptions> = {}, more: BrokerOptions = {}) {
  const { authority, broker: own } = certificates();
  const lines = new Inbox<string>();
  const { embedded } = await startEmbedded(undefined, {
    host: undefined,
    port: undefined,
    listeners: (['tcp', 'tls', 'wss'] as const).map((kind) => ({ kind, host: '127.0.0.1', port: 0 })),
    tls: { certificate: own.certificate, key: own.key, authority: authority.certificate, verify: 'optional', ...tls },
    log: troubles((line) => lines.push(line)),
    ...more,
  });
  onTestFinished(() => embedded.stop());
  for (const user of users) {
    await embedded.administration.users.add(user, 'a password that nobody knows');
    await embedded.administration.users.setPermissions({ user, ...ALL });
  }
  const portOf = (kind: string): number => {
    const bound = embedded.listeners.find((one) => one.kind === kind);
    if (bound === undefined || bound.kind === 'unix') throw new Error(`nobody listens by ${kind}`);
    return bound.port;
  };
  return { lines, portOf };
}

type Started = Awaited<ReturnType<typeof broker>>;

function secure(identity: Identity | null) {
  return { ca: pem(certificates().authority).cert, ...(identity === null ? {} : pem(identity)) };
}

/** amqplib, which does not say who it is. */
async function come({ portOf }: Started, identity: Identity): Promise<ChannelModel> {
  const options = { ...secure(identity), credentials: credentials.external() };
  const connection = await connect({ protocol: 'amqps', hostname: '127.0.0.1', port: portOf('tls') }, options);
  onTestFinished(() => connection.close());
  connection.on('error', () => {});
  return connection;
}

/** Whether a client is this user: no other may say so in a message. */
async function is(connection: ChannelModel, userId: string): Promise<void> {
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('here'), { userId });
  await channel.waitForConfirms();
  const message = await channel.get(queue, { noAck: true });
  if (message === false) throw new Error('nothing has come');
  expect(message.properties.userId).toBe(userId);
}

/** The methods of channel 0 that a broker sends to who begins with the protocol header. */
function greet(stream: Duplex): Inbox<Method> {
  const methods = new Inbox<Method>();
  let rest: Buffer = Buffer.alloc(0);
  stream.on('error', () => {});
  stream.on('data', (octets: Buffer) => {
    rest = Buffer.concat([rest, octets]);
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      methods.push(decodeMethod(frame.payload));
      rest = rest.subarray(frame.length);
    }
  });
  onTestFinished(() => void stream.destroy());
  stream.write(PROTOCOL_HEADER);
  return methods;
}

/** What is offered to a client. */
async function offered(stream: Duplex): Promise<string> {
  const start = await greet(stream).next('connection.start');
  return start.name === 'connection.start' ? start.mechanisms : start.name;
}

describe('it is offered', () => {
  test('to those who show a certificate', async () => {
    const { portOf } = await broker([]);
    const by = (identity: Identity | null) =>
      offered(connectTls({ host: '127.0.0.1', port: portOf('tls'), ...secure(identity) }));
    expect(await by(certificates().hare)).toBe('PLAIN AMQPLAIN EXTERNAL');
    expect(await by(null)).toBe('PLAIN AMQPLAIN');
  });

  test('by WebSocket as well, and lets clients in', async () => {
    const { portOf } = await broker(['CN=fox']);
    const url = `wss://127.0.0.1:${portOf('wss')}/`;
    expect(await offered(createWebSocketStream(new WebSocket(url, 'amqp', secure(null))))).toBe('PLAIN AMQPLAIN');
    const stream = createWebSocketStream(new WebSocket(url, 'amqp', secure(certificates().fox)));
    const methods = greet(stream);
    expect(await methods.next('connection.start')).toMatchObject({ mechanisms: 'PLAIN AMQPLAIN EXTERNAL' });
    stream.write(encodeMethod(0, startOk('EXTERNAL')));
    expect(await methods.next('connection.tune')).toMatchObject({ name: 'connection.tune' });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('to those who go on with their session by %s', async (version) => {
    const { portOf } = await broker([], {}, { workers: 1 });
    const versions = { minVersion: version, maxVersion: version };
    const options = { host: '127.0.0.1', port: portOf('tls'), ...secure(certificates().hare), ...versions };
    const first = connectTls(options);
    const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
    await offered(first);
    const second = connectTls({ ...options, session: await session });
    expect(await offered(second)).toBe('PLAIN AMQPLAIN EXTERNAL');
    expect(second.isSessionReused()).toBe(true);
  });

  test('to nobody where no certificates are asked for', async () => {
    const { portOf } = await broker([], { authority: null, verify: 'none' });
    const stream = connectTls({ host: '127.0.0.1', port: portOf('tls'), ...secure(certificates().hare) });
    const methods = greet(stream);
    expect(await methods.next('connection.start')).toMatchObject({ mechanisms: 'PLAIN AMQPLAIN' });
    stream.write(encodeMethod(0, startOk('EXTERNAL')));
    const text = "COMMAND_INVALID - authentication mechanism 'EXTERNAL' is for clients that show a certificate by TLS";
    expect(await methods.next('a close')).toMatchObject({ name: 'connection.close', replyCode: 503, replyText: text });
  });
});

function startOk(mechanism: string): Method {
  const capabilities = { authentication_failure_close: true };
  const clientProperties = table({ capabilities });
  return build('connection.start-ok', { clientProperties, mechanism, locale: 'en_US' });
}

describe('the user is named by', () => {
  test.each<[string, string, Partial<TlsOptions>]>([
    ['the distinguished name, if nothing else is said', 'CN=hare,O=Field\\, South', {}],
    ['the common name', 'hare', { loginFrom: 'common_name' }],
    ['the first DNS name', 'hare.test', { loginFrom: 'subject_alternative_name' }],
    ['another DNS name', 'second.test', { loginFrom: 'subject_alternative_name', loginSanIndex: 1 }],
    ['the address of mail', 'hare@field.test', { loginFrom: 'subject_alternative_name', loginSanType: 'email' }],
    ['the URI', 'spiffe://field/hare', { loginFrom: 'subject_alternative_name', loginSanType: 'uri' }],
    ['the IP address', '10.1.2.3', { loginFrom: 'subject_alternative_name', loginSanType: 'ip' }],
  ])('%s', async (_title, user, tls) => {
    await is(await come(await broker([user], tls), certificates().hare), user);
  });
});

describe('it is refused', () => {
  test('where there is no such user, whatever their passwords are', async () => {
    const started = await broker(['hare'], { loginFrom: 'common_name' });
    await expect(come(started, certificates().fox)).rejects.toThrow(REFUSED);
    expect(await started.lines.next('a line')).toBe(
      'login from 127.0.0.1 as user "fox" refused: there is no such user',
    );
    await is(await come(started, certificates().hare), 'hare');
  });

  test('where the certificate has no such name', async () => {
    const started = await broker([], { loginFrom: 'common_name' });
    await expect(come(started, certificates().nameless)).rejects.toThrow(REFUSED);
    expect(await started.lines.next('a line')).toBe(
      'login from 127.0.0.1 as user "" refused: its certificate has no common name',
    );
  });

  test('before anything of AMQP is said, where the certificate is of another authority', async () => {
    const started = await broker(['CN=hare-of-another']);
    await expect(come(started, certificates().stranger)).rejects.toThrow();
    expect(await started.lines.next('a line')).toMatch(/^no TLS with .* is of no authority that is trusted here$/);
  });
});
