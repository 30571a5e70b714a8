/**
 * Plays a scenario on the core, in Node, Deno or Bun: `node play.mjs SCENARIO [alone|small]`. By default the core with threads
 * is used, though one participant is enough here: what `shareCore` makes could be sent to other threads, and be joined
 * there. With `alone` it is the core that has no threads, and with `small` the one that has no log either.
 */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { CORE, CORE_WITH_THREADS, joinCore, openCore, openSmallCore, SMALL_CORE, shareCore } from 'leveret/core';
import { Host } from './host.mjs';
import { play } from './scenario.mjs';

const MEBIBYTES = 64;

async function compiled(file) {
  return WebAssembly.compile(await readFile(file));
}

async function open(core) {
  if (core === 'small') return openSmallCore(await compiled(SMALL_CORE), MEBIBYTES);
  if (core === 'alone') return openCore(await compiled(CORE), MEBIBYTES);
  return joinCore(shareCore(await compiled(CORE_WITH_THREADS), MEBIBYTES, 1), 0);
}

const [, , scenario, core] = process.argv;
console.log(play(new Host(await open(core)), await readFile(scenario, 'utf8')));
