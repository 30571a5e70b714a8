/**
 * Very many durable queues through a whole broker: how fast they are declared, what they take, and how long the next
 * start takes that brings them back with a message each, after an orderly end and after a kill.
 */
import { connect } from 'amqplib';
import { residentMb, startLeveret } from '../support/processes.mjs';

/** Requests that are under way. */
const WINDOW = 1000;

/**
 * @param {string} path of the data directory @param {number} queues
 * @returns {Promise<{ title: string, seconds: number, megabytes: number }[]>}
 */
export async function runQueues(path, queues) {
  const options = ['--workers', '2', '--memory', '1G', '--data', path];
  /** @type {{ title: string, seconds: number, megabytes: number }[]} */
  const rows = [];
  let broker = await startLeveret(options);
  /** @param {string} title @param {() => Promise<unknown>} work */
  const timed = async (title, work) => {
    const begun = performance.now();
    await work();
    rows.push({ title, seconds: (performance.now() - begun) / 1000, megabytes: residentMb(broker.pid) });
  };
  const connection = await connect(`amqp://127.0.0.1:${broker.port}`);
  // A broker that is killed takes its connections with it.
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  await timed('declared', async () => {
    for (let from = 0; from < queues; from += WINDOW) {
      const names = Array.from({ length: Math.min(WINDOW, queues - from) }, (_, i) => `queue-${from + i}`);
      await Promise.all(names.map((name) => channel.assertQueue(name)));
    }
  });
  await timed('a message published to each', async () => {
    for (let i = 0; i < queues; i++) {
      channel.sendToQueue(`queue-${i}`, Buffer.from('m'), { persistent: true });
      if (i % WINDOW === WINDOW - 1) await channel.waitForConfirms();
    }
    await channel.waitForConfirms();
  });
  await connection.close();
  await broker.stop();
  await timed('started after an orderly end', async () => {
    broker = await startLeveret(options);
  });
  process.kill(broker.pid, 'SIGKILL');
  await broker.stop();
  await timed('started after a kill', async () => {
    broker = await startLeveret(options);
  });
  await broker.stop();
  return rows;
}
