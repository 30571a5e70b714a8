/** The program's thread and the broker's: neither waits for the other longer than it wants to, and none is left over. */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Program } from '../support/program.js';
import { bodies } from '../support/raw-channel.js';
import { RawClient } from '../support/raw-client.js';
import { deferred, PATIENCE_MS, within } from '../support/waiting.js';

const plant = new URL('../support/planted-defect.mjs', import.meta.url).href;
/** Many times what the ring, and what the broker sends ahead, would hold. */
const MESSAGES = 1000;
const FILL = 'x'.repeat(10_000);

describe('a program that stands still', () => {
  test('keeps no other client waiting, though messages come for it, and gets them all afterwards', async () => {
    const program = new Program('blocked-program.mjs');
    try {
      const client = await RawClient.open(await program.broker());
      const channel = await client.openChannel();
      await channel.call('confirm.select');
      for (let i = 0; i < MESSAGES; i++) channel.publish('', 'flood', `${String(i).padStart(12, '0')}${FILL}`);
      channel.publish('', 'flood', 'end');
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      await channel.consume(queue, { noAck: true });
      channel.publish('', queue, 'meanwhile');
      expect(bodies(await channel.deliver(1))).toEqual(['meanwhile']);
      program.send('.');
      expect(await program.line('what the program got')).toBe(`${MESSAGES} in order`);
      expect(await program.ended()).toBe(0);
    } finally {
      program.kill();
    }
  });
});

describe('a worker thread of the program', () => {
  test('starts a broker and speaks with it', async () => {
    const got = deferred<string[]>();
    const ended = deferred<number>();
    const thread = new Worker(new URL('../support/channel-thread.mjs', import.meta.url));
    thread.on('message', got.resolve);
    thread.on('error', got.reject);
    thread.on('exit', ended.resolve);
    const expected = Array.from({ length: 1000 }, (_, i) => `${i}`);
    expect(await within(PATIENCE_MS, 'what the thread got', got.promise)).toEqual(expected);
    expect(await within(PATIENCE_MS, 'the end of the thread', ended.promise)).toBe(0);
  });
});

describe('a defect of the broker', () => {
  test.each([
    ['an exception in a worker', 'throw now', ['channel: ChannelError 541', 'publish: ChannelError 541']],
    ['a worker that ends', 'exit now', ['channel: BrokerDefect 0', 'publish: BrokerDefect 0']],
  ])('ends its channels, and not the program: %s', async (_, words, ends) => {
    const program = new Program('defect-program.mjs', [], ['--import', plant]);
    try {
      const client = await RawClient.open(await program.broker());
      (await client.openChannel()).publish('', 'nowhere', words);
      for (const end of ends) expect(await program.line('the end')).toBe(end);
      expect(await program.line('the end of the broker')).toBe('broker: BrokerDefect 0');
      expect(await program.line('another channel')).toMatch(/^another channel: Broker/);
      expect(await program.ended()).toBe(0);
    } finally {
      program.kill();
    }
  });
});
