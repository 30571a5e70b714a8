/**
 * Programs that embed brokers: what is left when they are stopped, several at once, one with a defect, and from a
 * thread of the program's own.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isReferee } from '../support/broker.js';
import { Program } from '../support/program.js';
import { RawClient } from '../support/raw-client.js';

const run = promisify(execFile);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const plant = new URL('../support/planted-defect.mjs', import.meta.url).href;
const CYCLES = 20;
const BROKERS = 10;

describe.skipIf(isReferee)('a program that embeds brokers', () => {
  test.runIf(process.platform === 'linux')(
    'has nothing of them when they are stopped, and ends',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'leveret-cycles-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const env = { ...process.env, TMPDIR: folder };
      const { stdout } = await run(process.execPath, [file('cycles.mjs'), String(CYCLES)], { env });
      const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', Record<string, number>>;
      console.log(`after ${CYCLES} brokers: ${stdout.trim()}`);
      expect(after).toEqual(before);
    },
    60_000,
  );

  test('lives on when a defect ends one of them, and so do the others', async () => {
    const program = new Program('../embedded/many-brokers.mjs', [String(BROKERS)], ['--import', plant]);
    onTestFinished(() => program.kill());
    const brokers = [];
    for (let i = 0; i < BROKERS; i++) brokers.push(await program.broker());
    const clients = await Promise.all(brokers.map((broker) => RawClient.open(broker)));
    const [victim, ...others] = clients;
    if (victim === undefined) throw new Error('there are several');
    (await victim.openChannel()).publish('', 'nowhere', 'throw now');
    expect(await victim.failure()).toMatchObject({ replyCode: 541 });
    expect(await program.line('how the first has ended')).toBe('BrokerDefect: worker 0: planted');
    for (const client of others) {
      const channel = await client.openChannel();
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      channel.publish('', queue, 'still here');
      expect((await channel.get(queue))?.body.toString()).toBe('still here');
    }
    program.send('.');
    expect(await program.line('the end of the others')).toBe(`${BROKERS - 1} stopped`);
    expect(await program.ended()).toBe(0);
  });

  test('may start one in a thread of its own, which ends by itself once it is stopped', async () => {
    const program = new Program('../embedded/in-a-thread.mjs');
    onTestFinished(() => program.kill());
    const client = await RawClient.open(await program.broker());
    const channel = await client.openChannel();
    await channel.call('queue.declare', { queue: 'q' });
    program.send('.');
    expect(await client.failure()).toMatchObject({ replyCode: 320 });
    expect(await program.line('the end of the thread')).toBe('the thread has ended with 0');
    expect(await program.ended()).toBe(0);
  });
});
