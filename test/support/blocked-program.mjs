/**
 * A program that embeds a broker, on the engine that `LEVERET_ENGINE` names, consumes from its queue `flood` without a
 * socket, and stands still: it tells the port, and does nothing until it is sent an octet. Then it takes what has come
 * for it until a message says `end`, tells how many came and whether in order, and stops the broker.
 */
import { readSync, writeSync } from 'node:fs';
import { Broker } from 'leveret';

const broker = await Broker.start({
  port: 0,
  workers: 1,
  engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm',
  memory: 64 * 1024 ** 2,
  log: null,
});
const channel = await broker.channel();
await channel.declareQueue('flood');
let count = 0;
let isInOrder = true;
/** @type {Promise<void>} */
const ended = new Promise((resolve) => {
  const onMessage = (/** @type {import('leveret').Message} */ { body }) => {
    if (body.toString() === 'end') return resolve();
    isInOrder &&= Number.parseInt(body.toString('latin1', 0, 12), 10) === count;
    count += 1;
  };
  channel.consume('flood', onMessage, { noAck: true }).then(() => {
    writeSync(1, `${broker.port}\n`);
    readSync(0, Buffer.alloc(1));
  });
});
await ended;
writeSync(1, `${count} ${isInOrder ? 'in order' : 'not in order'}\n`);
await broker.stop();
