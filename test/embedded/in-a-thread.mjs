/** A program that starts a broker in a worker thread of its own, which ends when the program says so. */
import { once } from 'node:events';
import { readSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Broker } from 'leveret';

if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url));
  const [port] = await once(thread, 'message');
  writeSync(1, `${port}\n`);
  readSync(0, Buffer.alloc(1));
  thread.postMessage('stop');
  const [code] = await once(thread, 'exit');
  writeSync(1, `the thread has ended with ${code}\n`);
} else {
  const options = { engine: process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm', memory: 64 * 1024 ** 2 };
  const broker = await Broker.start(options);
  parentPort.postMessage(broker.port);
  await once(parentPort, 'message');
  await broker.stop();
}
