/**
 * Plays a scenario on the core, in Node, Deno or Bun: `node play.mjs SCENARIO [alone]`. By default the core with threads
 * is used, though one participant is enough here: what `shareCore` makes could be sent to other threads, and be joined
 * there. With `alone` it is the core that has no threads.
 */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { CORE, CORE_WITH_THREADS, joinCore, openCore, shareCore } from 'leveret/core';
import { Host } from './host.mjs';
import { play } from './scenario.mjs';

const MEBIBYTES = 64;

async function compiled(file) {
  return WebAssembly.compile(await readFile(file));
}

const [, , scenario, alone] = process.argv;
const engine = alone
  ? openCore(await compiled(CORE), MEBIBYTES)
  : joinCore(shareCore(await compiled(CORE_WITH_THREADS), MEBIBYTES, 1), 0);
console.log(play(new Host(engine), await readFile(scenario, 'utf8')));
