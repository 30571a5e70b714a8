/**
 * A program that embeds a broker, on the engine that `LEVERET_ENGINE` names, and is busy: it tells the port, and then
 * its thread does nothing else until it is sent an octet. Then it closes the broker and tells so.
 */
import { readSync, writeSync } from 'node:fs';
import { Broker } from 'leveret';

const broker = await Broker.start({
  workers: 2,
  engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm',
  memory: 64 * 1024 ** 2,
});
writeSync(1, `${broker.port}\n`);
readSync(0, Buffer.alloc(1));
await broker.stop();
await broker.closed;
writeSync(1, 'closed\n');
