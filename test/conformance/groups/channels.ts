/** Channels: opening, closing, flow, methods out of place; and what frames may not be. */
import { encodeContent, encodeFrame, encodeMethod, FrameType } from '../../../src/amqp/frames.js';
import { encodeHeader } from '../../../src/amqp/properties.js';
import type { MethodName } from '../../../src/amqp/protocol.js';
import { build } from '../../support/methods.js';
import { type Difference, scenario } from '../scenario.js';

/** Frames in the place of a content, after basic.publish on channel 1. */
const INSTEAD_OF_HEADER: Readonly<Record<string, readonly Uint8Array[]>> = {
  'another method': [encodeMethod(1, build('basic.qos'))],
  'a body': [encodeFrame(FrameType.BODY, 1, Buffer.from('x'))],
  'a header of another class': [withClass(encodeHeader({ bodySize: 1, properties: {} }), 50, 0)],
  'a header with a weight': [withClass(encodeHeader({ bodySize: 1, properties: {} }), 60, 1)],
  'two headers': [headerFrame(1), headerFrame(1)],
  'a method in the place of a body': [headerFrame(10), encodeMethod(1, build('basic.qos'))],
  'a heartbeat on its channel': [encodeFrame(FrameType.HEARTBEAT, 1, new Uint8Array())],
  'a header that cannot be read': [encodeFrame(FrameType.HEADER, 1, Buffer.from([0, 60, 0, 0, 0, 0]))],
};

function headerFrame(bodySize: number): Uint8Array {
  return encodeFrame(FrameType.HEADER, 1, encodeHeader({ bodySize, properties: {} }));
}

function withClass(header: Uint8Array, classId: number, weight: number): Uint8Array {
  const changed = Buffer.from(header);
  changed.writeUInt16BE(classId, 0);
  changed.writeUInt16BE(weight, 2);
  return encodeFrame(FrameType.HEADER, 1, changed);
}

const ONLY_SERVER: readonly MethodName[] = [
  'channel.open-ok',
  'queue.declare-ok',
  'basic.consume-ok',
  'confirm.select-ok',
  'tx.commit-ok',
];

/** Leveret says of frames in words what RabbitMQ says with Erlang's terms. */
function inWords(text: string): Difference {
  return { why: 'RabbitMQ shows Erlang terms', transcript: [`connection.close ${text}`, 'socket closed'] };
}

const IN_WORDS: Readonly<Record<string, Difference>> = {
  'a header with a weight': inWords('505 in basic.publish: UNEXPECTED_FRAME - expected content header of weight 0'),
  'a heartbeat on its channel': inWords('505: UNEXPECTED_FRAME - heartbeat frame on channel 1'),
  'a header that cannot be read': inWords('501: FRAME_ERROR - the content header is too short'),
};

const NO_METHOD = inWords('505: UNEXPECTED_FRAME - expected method frame, got non method frame instead');

const BEFORE_OPEN: readonly MethodName[] = ['queue.declare', 'basic.ack', 'channel.close', 'channel.flow'];

export const scenarios = [
  scenario('open, twice', async (stage) => {
    const channel = await stage.channel();
    await channel.call('channel.open');
  }),

  ...BEFORE_OPEN.map((method) =>
    scenario(`before it is open: ${method}`, async (stage) => {
      const connection = await stage.connection();
      connection.client.channel(1).send(method);
      await connection.failure();
    }),
  ),

  ...[2_048, 65_535].map((number) =>
    scenario(`a number above channel-max: ${number}`, async (stage) => {
      const { client } = await stage.connection({ tune: { channelMax: 2 } });
      const channel = stage.adopt(client, number);
      await channel.call('channel.open');
      await channel.call('queue.declare', { queue: stage.name() });
    }),
  ),

  scenario('more channels than channel-max', async (stage) => {
    const connection = await stage.connection({ tune: { channelMax: 2 } });
    await connection.client.openChannel(9);
    await connection.client.openChannel(3_000);
    connection.client.channel(1).send('channel.open');
    await connection.failure();
  }),

  scenario('close, and open again', async (stage) => {
    const channel = await stage.channel();
    await channel.close();
    const again = stage.adopt(channel.raw.client, 1, 'again');
    await again.call('channel.open');
  }),

  scenario('close: what is sent to it meanwhile is dropped', async (stage) => {
    const channel = await stage.channel();
    channel.raw.deferCloseOk = true;
    channel.send('queue.declare', { queue: stage.name('missing'), passive: true });
    await channel.failure();
    channel.send('queue.declare', { queue: stage.name('ignored') });
    channel.publish(stage.name('no-exchange'), 'k', 'ignored');
    channel.send('channel.close-ok');
    const again = stage.adopt(channel.raw.client, 1, 'again');
    await again.call('channel.open');
    await again.call('queue.declare', { queue: stage.name('ignored'), passive: true });
  }),

  scenario('close by both at once', async (stage) => {
    const channel = await stage.channel();
    channel.raw.deferCloseOk = true;
    channel.send('queue.declare', { queue: stage.name('missing'), passive: true });
    await channel.failure();
    channel.send('channel.close', { replyCode: 200, replyText: 'done' });
    const other = await stage.channelOn(channel.raw.client, 'other');
    await other.sync();
  }),

  scenario('flow: on', async (stage) => {
    const channel = await stage.channel();
    await channel.call('channel.flow', { active: true });
  }),

  scenario('flow: off', async (stage) => {
    const channel = await stage.channel();
    await channel.call('channel.flow', { active: false });
  }),

  scenario('access.request', async (stage) => {
    const channel = await stage.channel();
    await channel.call('access.request', { realm: '/data', active: true, read: true, write: true });
  }),

  ...ONLY_SERVER.map((method) =>
    scenario(`what only a server says: ${method}`, async (stage) => {
      const channel = await stage.channel();
      channel.send(method);
      await channel.failure();
    }),
  ),

  scenario(
    'close-ok that nobody waits for',
    async (stage) => {
      const channel = await stage.channel();
      channel.send('channel.close-ok');
      await channel.syncOrFailure();
    },
    { why: 'it does no harm', transcript: ['channel.flow-ok active'] },
  ),

  ...Object.entries(INSTEAD_OF_HEADER).map(([label, frames]) =>
    scenario(
      `after basic.publish: ${label}`,
      async (stage) => {
        const connection = await stage.connection();
        const channel = await connection.client.openChannel();
        channel.send('basic.publish', { routingKey: stage.name() });
        for (const frame of frames) connection.client.write(frame);
        await connection.failure();
      },
      IN_WORDS[label],
    ),
  ),

  scenario('a content that nobody announced', async (stage) => {
    const connection = await stage.connection();
    const channel = await connection.client.openChannel();
    connection.client.write(encodeContent(channel.number, {}, Buffer.from('x'), 4096));
    await connection.failure();
  }),

  scenario(
    'a body on channel 0',
    async (stage) => {
      const connection = await stage.connection();
      connection.client.frame(FrameType.BODY, 0, Buffer.from('x'));
      await connection.failure();
    },
    NO_METHOD,
  ),

  scenario(
    'a header on channel 0',
    async (stage) => {
      const connection = await stage.connection();
      connection.client.frame(FrameType.HEADER, 0, encodeHeader({ bodySize: 1, properties: {} }));
      await connection.failure();
    },
    NO_METHOD,
  ),

  scenario(
    'a heartbeat on another channel',
    async (stage) => {
      const connection = await stage.connection();
      await connection.client.openChannel();
      connection.client.frame(FrameType.HEARTBEAT, 1, new Uint8Array());
      await connection.failure();
    },
    IN_WORDS['a heartbeat on its channel'],
  ),

  scenario('a body of no octets on a channel that is not open', async (stage) => {
    const connection = await stage.connection();
    connection.client.frame(FrameType.BODY, 5, new Uint8Array());
    await connection.failure();
  }),

  scenario('arguments of a method that cannot be read', async (stage) => {
    const connection = await stage.connection();
    await connection.client.openChannel();
    connection.client.frame(FrameType.METHOD, 1, Buffer.from([0, 50, 0, 10, 0, 0, 200, 1]));
    await connection.failure();
  }),

  scenario(
    'a name that is not UTF-8',
    async (stage) => {
      const connection = await stage.connection();
      await connection.client.openChannel();
      connection.client.frame(FrameType.METHOD, 1, Buffer.from([0, 50, 0, 10, 0, 0, 2, 0xff, 0xfe, 0, 0, 0, 0, 0]));
      await connection.failure();
    },
    {
      why: 'the method is named',
      transcript: ['connection.close 501 in queue.declare: FRAME_ERROR - Malformed UTF-8 in shortstr', 'socket closed'],
    },
  ),
];
