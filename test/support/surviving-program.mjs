/**
 * A program that embeds a broker on a data directory, and lives on when a defect ends it: it tells the port, how the
 * broker has ended, and the port of another one that it starts on the same directory. That is closed in order.
 */
import { readSync, writeSync } from 'node:fs';
import { Broker } from 'leveret';

const [, , directory] = process.argv;
const options = {
  workers: 2,
  engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm',
  memory: 64 * 1024 ** 2,
  data: { directory, diskFreeLimit: 0 },
  log: null,
};
const first = await Broker.start(options);
writeSync(1, `${first.port}\n`);
writeSync(1, `${await first.closed.catch((error) => `${error.name}: ${error.message}`)}\n`);
const second = await Broker.start(options);
writeSync(1, `${second.port}\n`);
readSync(0, Buffer.alloc(1));
await second.stop();
