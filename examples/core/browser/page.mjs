/**
 * The page. It is the coordinator of the core: it makes the memory and the queue before the workers join. From then on
 * it makes no calls, since a page may not wait, and whoever calls the core may have to, for a moment.
 */
import { CORE_WITH_THREADS, joinCore, shareCore } from 'leveret/core';
import { Host } from '../javascript/host.mjs';
import { play } from '../javascript/scenario.mjs';

const MESSAGES = 1_000_000;
const MEBIBYTES = 256;
const WORKERS = ['publisher.js', 'consumer.js'];

const module = await WebAssembly.compileStreaming(fetch(CORE_WITH_THREADS));
const shown = document.querySelector('pre');
try {
  show(await playAlone(new URLSearchParams(location.search).get('scenario') ?? 'story.txt'));
  const milliseconds = await pass(MESSAGES);
  show(`${MESSAGES} messages passed, in order`);
  document.title = `${Math.round(MESSAGES / milliseconds)} messages a millisecond`;
} catch (error) {
  show(`failed: ${error}`);
}
document.body.dataset.done = 'true';

/** Plays a scenario as the only participant. */
async function playAlone(scenario) {
  const host = new Host(joinCore(shareCore(module, MEBIBYTES, 1), 0));
  return play(host, await (await fetch(scenario)).text());
}

/** Has one worker publish and the other one consume. Resolves when all has come, with how long it took. */
async function pass(count) {
  const shared = shareCore(module, MEBIBYTES, WORKERS.length);
  const queue = joinCore(shared, WORKERS.length).createQueue();
  const started = performance.now();
  await Promise.all(WORKERS.map((file, participant) => run(file, { shared, participant, queue, count })));
  return performance.now() - started;
}

/** Resolves when the worker says that it is done. */
function run(file, task) {
  const worker = new Worker(new URL(file, import.meta.url), { type: 'module' });
  const done = new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = (event) => reject(new Error(`${file}: ${event.message}`));
  });
  worker.postMessage(task);
  return done.finally(() => worker.terminate());
}

function show(text) {
  shown.append(`${text}\n`);
}
