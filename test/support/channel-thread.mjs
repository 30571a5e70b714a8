/** A worker thread that starts a broker and speaks with it without a socket: tells what it got, and ends. */
import { parentPort } from 'node:worker_threads';
import { Broker } from 'leveret';

const broker = await Broker.start({ engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm', log: null });
const channel = await broker.channel();
const { queue } = await channel.declareQueue('', { exclusive: true });
for (let i = 0; i < 1000; i++) channel.send('', queue, `${i}`);
/** @type {string[]} */
const got = [];
for await (const message of channel.messages(queue)) {
  channel.ack(message);
  if (got.push(message.body.toString()) === 1000) break;
}
await broker.stop();
parentPort?.postMessage(got);
