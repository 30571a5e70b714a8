/**
 * Defects in the threads of a broker that a program embeds, planted by test/support/planted-defect.mjs: clients are
 * told, the program is told and lives on, and what was confirmed is there for the next broker.
 */
import { describe, expect, test } from 'vitest';
import { isReferee } from '../../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, PERSISTENT } from '../../support/kept-data.js';
import { Program } from '../../support/program.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';

cleanUp();

const plant = new URL('../../support/planted-defect.mjs', import.meta.url).href;
const says = (words: string) => (channel: RawChannel) => channel.publish('', 'nowhere', words);
const declares = (queue: string) => (channel: RawChannel) => channel.send('queue.declare', { queue });
const fills = (queue: string, count: number, octets: number) => (channel: RawChannel) => {
  channel.send('queue.declare', { queue, durable: true });
  for (let i = 0; i < count; i++) channel.publish('', queue, 'x'.repeat(octets), { properties: PERSISTENT });
};
/** What it is, how a client brings it about, and how the program is told. */
type Defect = readonly [string, (channel: RawChannel) => void, RegExp];
/** Its twin has no traps. */
const traps: readonly Defect[] =
  process.env.LEVERET_ENGINE === 'js'
    ? []
    : [['a trap in the core', says('trap in the core'), /^BrokerDefect: worker 1: memory access out of bounds$/]];

describe.skipIf(isReferee)('a broker with a defect', () => {
  test.each<Defect>([
    ['an exception in a worker', says('throw now'), /^BrokerDefect: worker 1: planted$/],
    ['a trap in a worker', says('trap now'), /^BrokerDefect: worker 1: unreachable$/],
    ['a worker that ends', says('exit now'), /^BrokerDefect: worker 1 has ended by itself$/],
    ['an exception in the coordinator', declares('throw in the coordinator'), /^BrokerDefect: planted$/],
    ...traps,
    [
      'an exception in the log manager',
      fills('garble the log', 1, 100),
      /^BrokerDefect: a record of type 255 is no fact of queues$/,
    ],
    ['an exception in the spill', fills('break the spill', 600, 100_000), /^BrokerDefect: planted$/],
    ['a rejected promise in the coordinator', declares('reject in the coordinator'), /^BrokerDefect: planted$/],
  ])('tells its clients and its program, which goes on: %s', async (_, meet, end) => {
    const program = new Program('surviving-program.mjs', [directory()], ['--import', plant]);
    afterwards(() => program.kill());
    const first = await program.broker();
    // One connection for each worker.
    const [other, victim] = [await RawClient.open(first), await RawClient.open(first)];
    const channel = await other.openChannel();
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    channel.publish('', 'kept', 'confirmed', { properties: PERSISTENT });
    await confirmed(channel, 1);

    meet(await victim.openChannel());
    expect(await other.failure()).toMatchObject({
      replyCode: 541,
      replyText: 'INTERNAL_ERROR - a defect ends the broker',
    });
    expect(await program.line('how the broker has ended')).toMatch(end);

    const again = await (await RawClient.open(await program.broker())).openChannel();
    expect((await again.get('kept'))?.body.toString()).toBe('confirmed');
    program.send('.');
    expect(await program.ended()).toBe(0);
  });

  test.runIf(process.platform === 'linux')('closes the sockets that its workers have not taken', async () => {
    const program = new Program('surviving-program.mjs', [directory()], ['--import', plant]);
    afterwards(() => program.kill());
    const first = await program.broker();
    const before = program.sockets;
    const [other, victim] = [await RawClient.open(first), await RawClient.open(first)];
    says('exit later')(await victim.openChannel());
    expect(await program.line('the worker to stop')).toBe('waiting for sockets');
    const waiting = await Promise.all(Array.from({ length: 8 }, () => RawClient.dial(first)));
    await program.line('how the broker has ended');
    await Promise.all([other, ...waiting].map((client) => client.ended()));

    await program.broker();
    expect(program.sockets).toBe(before);
    program.send('.');
    expect(await program.ended()).toBe(0);
  });
});
