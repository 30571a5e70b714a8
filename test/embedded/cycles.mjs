/**
 * A program that starts and stops brokers on the engine that `LEVERET_ENGINE` names, as many as its argument says, and
 * tells what it has before and after as JSON: handles, descriptors, threads, files in its folder for temporary ones.
 * Nothing ends it but that there is nothing more to do.
 */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Broker } from 'leveret';

const options = { engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm', memory: 64 * 1024 ** 2 };

async function cycle() {
  const broker = await Broker.start(options);
  await broker.administration.createVhost('new');
  await broker.stop();
}

async function counts() {
  await setImmediate();
  return {
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').length,
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync(tmpdir()).length,
  };
}

await cycle();
const before = await counts();
for (let i = 0; i < Number(process.argv[2]); i++) await cycle();
console.log(JSON.stringify({ before, after: await counts() }));
