/**
 * A program that embeds a broker with one worker, on the engine that `LEVERET_ENGINE` names, and opens a channel. It
 * tells the port, then how the channel and the broker have ended, and that it lives on.
 */
import { writeSync } from 'node:fs';
import { Broker } from 'leveret';

const broker = await Broker.start({
  port: 0,
  workers: 1,
  engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm',
  memory: 64 * 1024 ** 2,
  log: null,
});
const channel = await broker.channel();
const tell =
  (/** @type {string} */ what) =>
  (/** @type {Error & { code?: number }} */ { name, code = 0 }) =>
    writeSync(1, `${what}: ${name} ${code}\n`);
writeSync(1, `${broker.port}\n`);
await channel.closed.catch(tell('channel'));
await channel.publish('', 'nowhere', '').catch(tell('publish'));
await broker.closed.catch(tell('broker'));
await broker.channel().catch(tell('another channel'));
