/** The connection class: greetings, the handshake and its refusals, limits, closing, what else is said on channel 0. */
import { PROTOCOL_HEADER } from '../../../src/amqp/frames.js';
import { encodeTable, table } from '../../../src/amqp/table.js';
import type { Fields } from '../../support/methods.js';
import type { OpenOptions } from '../../support/raw-client.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const HEADERS: Readonly<Record<string, readonly number[]>> = {
  '0-9-1': [0, 0, 9, 1],
  '0-9': [1, 1, 0, 9],
  '0-8': [1, 1, 8, 0],
  '0-10': [1, 1, 0, 10],
  '0-9-2': [0, 0, 9, 2],
  '0-10-0': [0, 0, 10, 0],
};

/** Limits that were not offered: RabbitMQ closes the socket. */
const REFUSED: readonly (readonly [Fields<'connection.tune-ok'>, string])[] = [
  [{ frameMax: 4095 }, 'negotiated frame_max = 4095 is lower than the minimum allowed value (4096)'],
  [{ frameMax: 131_073 }, 'negotiated frame_max = 131073 is higher than the maximum allowed value (131072)'],
  [{ channelMax: 2048 }, 'negotiated channel_max = 2048 is higher than the maximum allowed value (2047)'],
  [{ channelMax: 0 }, 'negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)'],
];

const NOT_SPOKEN = {
  why: 'RabbitMQ starts with 0-8 as with 0-9-1, though its methods are others',
  transcript: ['greeting AMQP 0-0-9-1', 'socket closed'],
};

const LOGINS: Readonly<Record<string, OpenOptions>> = {
  'PLAIN, with an identity to act for': { response: Buffer.from('guest\0guest\0guest') },
  'PLAIN, a wrong password': { response: Buffer.from('\0guest\0wrong') },
  'PLAIN, an unknown user': { response: Buffer.from('\0nobody\0guest') },
  'PLAIN, an empty password': { response: Buffer.from('\0guest\0') },
  AMQPLAIN: {
    mechanism: 'AMQPLAIN',
    response: encodeTable(table({ LOGIN: 'guest', PASSWORD: 'guest' })).subarray(4),
  },
  'AMQPLAIN, a wrong password': {
    mechanism: 'AMQPLAIN',
    response: encodeTable(table({ LOGIN: 'guest', PASSWORD: 'wrong' })).subarray(4),
  },
};

const LIMITS: Readonly<Record<string, Fields<'connection.tune-ok'>>> = {
  'as offered': {},
  'a small frame-max': { frameMax: 4096 },
  'a channel-max of 1': { channelMax: 1 },
};

const ACTING_FOR = {
  why: 'the SASL mechanism has a place for it; what stands there is not looked at',
  transcript: ['tune channelMax=2047 frameMax=131072 heartbeat=60'],
};

/** The handshake as far as the login, which is told. */
async function login(stage: Stage, options: OpenOptions): Promise<void> {
  const socket = await stage.socket();
  const tune = await socket.client.startUp(options).catch(() => null);
  if (tune === null) return socket.failure();
  socket.note(`tune channelMax=${tune.channelMax} frameMax=${tune.frameMax} heartbeat=${tune.heartbeat}`);
}

/** A method that a client cannot send on channel 0 once the connection is open. */
const UNEXPECTED = [
  'channel.open',
  'connection.start-ok',
  'connection.tune-ok',
  'connection.open',
  'basic.qos',
] as const;

export const scenarios = [
  ...Object.entries(HEADERS).map(([label, version]) =>
    scenario(
      `protocol header ${label}`,
      async (stage) => {
        const socket = await stage.socket();
        socket.client.write(Uint8Array.from([...PROTOCOL_HEADER.subarray(0, 4), ...version]));
        await socket.startOrFailure();
      },
      label === '0-8' ? NOT_SPOKEN : null,
    ),
  ),

  scenario('a header of another protocol', async (stage) => {
    const socket = await stage.socket();
    socket.client.write(Buffer.from('NOTAMQP!'));
    await socket.failure();
  }),

  scenario('what the server says of itself', async (stage) => {
    const socket = await stage.socket();
    socket.client.write(PROTOCOL_HEADER);
    await socket.start();
  }),

  ...Object.entries(LOGINS).map(([label, options]) =>
    scenario(`login: ${label}`, (stage) => login(stage, options), label.includes('act for') ? ACTING_FOR : null),
  ),

  scenario('login: a wrong password, of a client that does not understand the close', (stage) =>
    login(stage, {
      response: Buffer.from('\0guest\0wrong'),
      capabilities: { authentication_failure_close: false },
    }),
  ),

  ...Object.entries(LIMITS).map(([label, tune]) =>
    scenario(`tune: ${label}`, async (stage) => {
      const connection = await stage.connection({ tune });
      await connection.client.openChannel();
      await connection.client.close();
    }),
  ),

  ...REFUSED.map(([limits, text]) =>
    scenario(
      `tune refused: ${text}`,
      async (stage) => {
        const socket = await stage.socket();
        await socket.client.startUp();
        socket.client.tune(limits);
        await socket.failure();
      },
      {
        why: 'RabbitMQ closes the socket without a word',
        transcript: [`connection.close 530 in connection.tune: NOT_ALLOWED - ${text}`, 'socket closed'],
      },
    ),
  ),

  scenario('tune: one channel more than agreed', async (stage) => {
    const connection = await stage.connection({ tune: { channelMax: 2 } });
    await connection.client.openChannel(1);
    await connection.client.openChannel(2);
    connection.client.channel(3).send('channel.open');
    await connection.failure();
  }),

  ...['missing', ''].map((virtualHost) =>
    scenario(`open: virtual host '${virtualHost}'`, async (stage) => {
      const socket = await stage.socket();
      await socket.client.startUp();
      socket.client.tune({});
      socket.client.send('connection.open', { virtualHost });
      await socket.failure();
    }),
  ),

  scenario('close', async (stage) => {
    const connection = await stage.connection();
    await connection.client.close();
    await connection.failure();
  }),

  scenario('close: with channels, consumers and messages', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(2);
    await channel.close();
    await channel.raw.client.close();
    const other = await stage.channel({ label: 'other' });
    await other.until(queue, 2);
    await other.bodies(queue);
  }),

  ...UNEXPECTED.map((method) =>
    scenario(`unexpected on channel 0: ${method}`, async (stage) => {
      const connection = await stage.connection();
      connection.client.send(method);
      await connection.failure();
    }),
  ),

  ...(['connection.start', 'connection.tune', 'connection.open-ok'] as const).map((method) =>
    scenario(`what only a server says: ${method}`, async (stage) => {
      const connection = await stage.connection();
      connection.client.send(method);
      await connection.failure();
    }),
  ),

  scenario('close-ok that nobody waits for', async (stage) => {
    const connection = await stage.connection();
    connection.client.send('connection.close-ok');
    await connection.failure();
  }),

  scenario('a heartbeat is no error', async (stage) => {
    const connection = await stage.connection();
    connection.client.heartbeat();
    await connection.client.ping();
  }),

  scenario('connection methods on another channel', async (stage) => {
    const channel = await stage.channel();
    channel.send('connection.open', { virtualHost: '/' });
    await channel.failure();
  }),

  scenario('update-secret', async (stage) => {
    const connection = await stage.connection();
    await connection.call('connection.update-secret', { newSecret: Buffer.from('guest'), reason: 'because' });
  }),
];
