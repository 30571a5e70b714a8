/** A load on a broker: what was asked for is what is done, no message more and none less. */
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { report, startPerf } from './support.js';

const broker = useBroker();

async function channelOf() {
  const connection = await connect(broker().url);
  onTestFinished(() => connection.close());
  return await connection.createChannel();
}

const CONFIRMS = ['--confirm', '50'];
const ACKS = ['--prefetch', '100', '--multi-ack', '7'];

test.each([
  ['as fast as it goes', []],
  ['with confirms and acks for many', [...CONFIRMS, ...ACKS]],
  ['persistent, by two threads, over several queues', ['--persistent', '--threads', '2', '--queues', '3', ...CONFIRMS]],
  ['without acks, in bodies too short for a stamp', ['--auto-ack', '--size', '5']],
  ['in empty bodies', ['--size', '0', ...ACKS]],
  ['in bodies of many frames', ['--size', '300K', '--max-in-flight', '20', ...CONFIRMS]],
])('all that is published is consumed, and both are what was asked for: %s', async (_how, flags) => {
  const messages = flags.includes('300K') ? 20 : 500;
  const found = await report(broker(), '-x', '3', '-y', '3', '--pmessages', `${messages}`, ...flags);
  const all = 3 * messages;
  expect([found.published.count, found.consumed.count]).toEqual([all, all]);
  expect(found.confirmed.count).toBe(flags.includes('--confirm') ? all : 0);
  const hasStamps = !flags.includes('--size') || flags.includes('300K');
  expect(found.latency?.count ?? 0).toBe(hasStamps ? all : 0);
  expect(found.confirmLatency?.count ?? 0).toBe(found.confirmed.count);
  expect([found.nacked, found.returned, found.redelivered, found.failure]).toEqual([0, 0, 0, null]);
});

test('a consumer takes as many as it is to, and leaves the rest in the queue', async () => {
  const channel = await channelOf();
  await channel.assertQueue('left');
  await report(broker(), '-y', '0', '-C', '100', '-c', '10', '-u', 'left');
  expect((await channel.checkQueue('left')).messageCount).toBe(100);
  const found = await report(broker(), '-x', '0', '-y', '2', '-D', '30', '-q', '10', '-A', '4', '-u', 'left');
  expect(found.consumed.count).toBe(60);
  expect((await channel.checkQueue('left')).messageCount).toBe(40);
  await channel.deleteQueue('left');
});

test('what others publish begins as PerfTest has it, and what it publishes others read so', async () => {
  const channel = await channelOf();
  await channel.assertQueue('stamped');
  const before = process.hrtime.bigint();
  await report(broker(), '-y', '0', '-C', '3', '-c', '1', '-u', 'stamped', '-s', '20', '--property', 'priority=3');
  const after = process.hrtime.bigint();
  for (const number of [0, 1, 2]) {
    const message = await channel.get('stamped', { noAck: true });
    if (message === false) throw new Error('it is not there');
    expect(message.content).toHaveLength(20);
    expect(message.content.readInt32BE(0)).toBe(number);
    const stamp = message.content.readBigInt64BE(4);
    expect(stamp >= before && stamp <= after).toBe(true);
    expect(message.properties).toMatchObject({ priority: 3, deliveryMode: 1 });
  }
  const body = Buffer.alloc(12);
  body.writeBigInt64BE(process.hrtime.bigint(), 4);
  for (const content of [body, Buffer.from('what is no stamp, and looks like one')])
    channel.sendToQueue('stamped', content);
  const found = await report(broker(), '-x', '0', '-D', '2', '-u', 'stamped', '--predeclared');
  expect([found.consumed.count, found.latency?.count]).toEqual([2, 1]);
  await channel.deleteQueue('stamped');
});

test('an exchange gives every queue its own', async () => {
  const channel = await channelOf();
  const found = await report(broker(), '-e', 'spread', '-t', 'fanout', '--queues', '3', '-y', '3', '-C', '50');
  expect([found.published.count, found.consumed.count]).toEqual([50, 150]);
  await channel.deleteExchange('spread');
});

test('what goes nowhere is returned and counted', async () => {
  const found = await report(broker(), '-y', '0', '-C', '30', '-c', '30', '-k', 'nowhere at all', '--mandatory');
  expect([found.published.count, found.returned, found.confirmed.count]).toEqual([30, 30, 30]);
});

test('what the broker refuses is nacked and counted', async () => {
  const limits = ['--queue-arg', 'x-max-length=10', '--queue-arg', 'x-overflow=reject-publish'];
  const found = await report(broker(), '-y', '0', '-C', '30', '-c', '5', ...limits);
  expect(found.published.count).toBe(30);
  expect(found.confirmed.count + found.nacked).toBe(30);
  expect(found.confirmed.count).toBe(10);
});

test('a rate is never passed, by producers or by consumers', async () => {
  const began = performance.now();
  const found = await report(broker(), '-x', '2', '--rate', '200', '-y', '2', '--consumer-rate', '50', '-z', '2');
  // What goes while the run is ended counts, and is behind the time that the report tells.
  const seconds = (performance.now() - began) / 1000;
  expect(found.published.count).toBeGreaterThan(2);
  expect(found.published.count).toBeLessThanOrEqual(2 * (200 * seconds + 1));
  expect(found.consumed.count).toBeGreaterThan(2);
  expect(found.consumed.count).toBeLessThanOrEqual(2 * (50 * seconds + 1));
});

test('queues with made-up names go with the run, and stay where that is wanted', async () => {
  const channel = await channelOf();
  await report(broker(), '-d', 'gone', '-C', '1');
  await report(broker(), '-d', 'kept', '-C', '1', '--keep');
  expect((await channel.checkQueue('kept')).messageCount).toBe(0);
  await channel.deleteQueue('kept');
  channel.on('error', () => {});
  await expect(channel.checkQueue('gone')).rejects.toThrow(/NOT_FOUND/);
});

test('Ctrl-C is an orderly end, with what was counted', async () => {
  const run = startPerf(['--url', broker().url, '-i', '0.1']);
  await run.said(/consumed [1-9]/);
  run.signal('SIGINT');
  const { code, out, error } = await run.ended;
  expect([code, error]).toEqual([0, '']);
  expect(out).toMatch(/\n {2}consumed {4}[\d,]+, /);
});
