/**
 * A program that embeds several brokers at once, and lives on when one of them meets a defect: it tells the port of
 * each, then how the first of them has ended, and once it is sent an octet it stops the others.
 */
import { readSync, writeSync } from 'node:fs';
import { Broker } from 'leveret';

const options = { engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm', memory: 64 * 1024 ** 2, log: null };
const count = Number(process.argv[2]);
const brokers = await Promise.all(Array.from({ length: count }, () => Broker.start(options)));
for (const { port } of brokers) writeSync(1, `${port}\n`);
const ended = brokers.map(({ closed }) =>
  closed.then(
    () => 'stopped',
    (error) => `${error.name}: ${error.message}`,
  ),
);
writeSync(1, `${await Promise.race(ended)}\n`);
readSync(0, Buffer.alloc(1));
await Promise.allSettled(brokers.map((broker) => broker.stop()));
const others = (await Promise.all(ended)).filter((end) => end === 'stopped');
writeSync(1, `${others.length} stopped\n`);
