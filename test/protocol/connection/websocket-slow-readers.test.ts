/**
 * AMQP over WebSocket where one side does not read: the other waits, and the broker's memory does not grow by what is
 * not read. Nothing is lost: it comes when it is read.
 */
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Broker, isReferee, startBroker } from '../../support/broker.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { deferred, eventually, PATIENCE_MS, within } from '../../support/waiting.js';

const MIB = 1 << 20;
/** Shared memory for messages (MiB). */
const MEMORY = 96;
/** That are published, of 1 MiB each: more than may be on their way. */
const MESSAGES = 64;
/** What the broker may take beside that for what is not read. */
const BESIDES = 48 * MIB;

describe.skipIf(isReferee)('by WebSocket', () => {
  let broker: Broker;
  let url = '';
  beforeAll(async () => {
    const flags = ['--listen', 'tcp://127.0.0.1:0', '--listen', 'ws://127.0.0.1:0'];
    broker = await startBroker({ workers: 1, memory: `${MEMORY}M`, flags });
    url = (await broker.told(/^listening on ws:/)).replace('listening on ', '');
  });
  afterAll(async () => {
    await broker.stop();
  });
  const { openChannel } = useRawConnections(() => broker);

  /** A client of the package's own, and the WebSocket that it uses. */
  async function come(): Promise<{ client: AMQPWebSocketClient; socket: WebSocket }> {
    const made = deferred<WebSocket>();
    class Kept extends WebSocket {
      constructor(address: string) {
        super(address, ['amqp']);
        made.resolve(this);
      }
    }
    vi.stubGlobal('WebSocket', Kept);
    onTestFinished(() => void vi.unstubAllGlobals());
    const client = new AMQPWebSocketClient({ url, logger: null });
    client.onerror = () => {};
    await client.connect();
    const socket = await made.promise;
    onTestFinished(() => socket.terminate());
    return { client, socket };
  }

  function numbered(number: number): Buffer {
    const body = Buffer.alloc(MIB, number);
    body.writeUInt32BE(number);
    return body;
  }

  /** Asks until the answer is the same for a while: what is under way has come to rest. */
  async function atRest(ask: () => Promise<number>): Promise<number> {
    let [last, same] = [-1, 0];
    await eventually(
      'nothing to move any more',
      async () => {
        const now = await ask();
        same = now === last ? same + 1 : 0;
        last = now;
        await new Promise((resume) => setTimeout(resume, 50));
        return same;
      },
      (times) => times >= 10,
    );
    return last;
  }

  test('a consumer that does not read is sent no more than lies on the way; the rest waits in its queue', async () => {
    const other = await openChannel();
    const queue = 'slow reader';
    await other.call('queue.declare', { queue });
    const { client, socket } = await come();
    const channel = await client.channel();
    const came: number[] = [];
    const all = deferred<void>();
    await channel.basicConsume(queue, { noAck: true }, ({ body }) => {
      came.push(Buffer.from(body ?? []).readUInt32BE());
      if (came.length === MESSAGES) all.resolve();
    });
    const before = broker.residentBytes();
    socket.pause();
    for (let number = 0; number < MESSAGES; number++) other.publish('', queue, numbered(number));
    const waiting = await atRest(async () => (await other.counts(queue)).ready);
    expect(waiting, 'messages that wait').toBeGreaterThan(MESSAGES / 2);
    expect(broker.residentBytes() - before, 'memory that was taken').toBeLessThan(MEMORY * MIB + BESIDES);
    socket.resume();
    await within(PATIENCE_MS, 'all messages', all.promise, () => `${came.length} have come`);
    expect(came).toEqual(Array.from({ length: MESSAGES }, (_, number) => number));
    await other.call('queue.delete', { queue });
  });

  test('a publisher that the broker does not read waits, and all that it publishes comes in the end', async () => {
    const other = await openChannel();
    const queue = 'full';
    await other.call('queue.declare', { queue });
    const { client, socket } = await come();
    const channel = await client.channel();
    await channel.confirmSelect();
    // What is in a transaction cannot leave memory, until whoever has begun it goes.
    const filler = await openChannel();
    await filler.call('tx.select');
    for (let number = 0; number < MEMORY + 8; number++) filler.publish('', queue, numbered(number));
    await filler.client.expect('connection.blocked');
    const before = broker.residentBytes();
    const confirmed = Array.from({ length: MESSAGES }, (_, number) =>
      channel.basicPublish('', queue, numbered(number)),
    );
    const unsent = await atRest(async () => socket.bufferedAmount);
    expect(unsent, 'octets that are not taken').toBeGreaterThan(MESSAGES * MIB * 0.75);
    expect(broker.residentBytes() - before, 'memory that was taken').toBeLessThan(MESSAGES * MIB * 0.25);
    filler.client.cut();
    await other.call('basic.qos', { prefetchCount: 8 });
    await other.consume(queue);
    const numbers: number[] = [];
    while (numbers.length < MESSAGES) {
      const delivery = await other.deliveries.next(`message ${numbers.length}`);
      numbers.push(delivery.body.readUInt32BE());
      other.send('basic.ack', { deliveryTag: delivery.deliveryTag });
    }
    await Promise.all(confirmed);
    expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, number) => number));
  });
});
