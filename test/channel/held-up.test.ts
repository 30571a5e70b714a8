/** A channel without a socket that publishes too much is held up, told so, and goes on, as a client by a socket is. */
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Channel } from '../../src/index.js';
import { startEmbedded } from '../support/embedded.js';
import { PATIENCE_MS, within } from '../support/waiting.js';
import { consumeInto, textOf } from './support/channels.js';

const BODY = Buffer.alloc(64 * 1024, 'x');
/** More than 64 MiB. */
const MANY = 1200;

async function startFull(): Promise<{ open(): Promise<Channel>; filler: Channel }> {
  const { embedded } = await startEmbedded();
  onTestFinished(() => embedded.stop());
  // What belongs to a transaction cannot leave the memory.
  const filler = await embedded.channel({ mode: 'transactions' });
  const { queue } = await filler.declareQueue('filled');
  const blocked = once(filler, 'blocked');
  for (let i = 0; i < MANY; i++) filler.send('', queue, BODY);
  expect(await within(PATIENCE_MS, 'the end of the memory', blocked)).toEqual(['low on memory']);
  return { open: () => embedded.channel(), filler };
}

describe('a broker whose memory is full', () => {
  test('holds up who publishes, and takes all of it when there is room again', async () => {
    const { open, filler } = await startFull();
    const [publisher, consumer] = [await open(), await open()];
    await consumer.declareQueue('later');
    const blocked = once(publisher, 'blocked');
    const unblocked = once(publisher, 'unblocked');
    const confirmed = Promise.all([1, 2, 3].map((body) => publisher.publish('', 'later', `${body}`)));
    for (let i = 0; i < 20; i++) publisher.send('', 'later', BODY);
    await within(PATIENCE_MS, 'the alarm', blocked);
    expect(publisher.send('', 'later', BODY)).toBe(false);
    filler.abandon();
    await within(PATIENCE_MS, 'the confirms', confirmed);
    await within(PATIENCE_MS, 'the room', publisher.drained());
    await within(PATIENCE_MS, 'the end of the alarm', unblocked);
    const inbox = await consumeInto(consumer, 'later', { noAck: true });
    const messages = await inbox.take(24, 'the messages');
    expect(messages.slice(0, 3).map(textOf)).toEqual(['1', '2', '3']);
    await filler.closed;
    await expect(filler.commit()).rejects.toMatchObject({ name: 'ChannelClosedError' });
  });
});
