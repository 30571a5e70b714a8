/**
 * Opening a core of either kind: `createSharedCore` on the broker thread, `openEngine` by each participant. The twin's
 * code is loaded only when it is asked for.
 */
import { readFile } from 'node:fs/promises';
import { WORKERS_MAX } from '../log/record-format.js';
import type { Engine, EngineKind, SharedCore } from './engine.js';
import { MEBIBYTE, MEMORY_MAX, MEMORY_MIN, mebibytesFor, workersIn } from './sizes.js';

/** The core with threads, beside the built modules. */
const CORE = new URL('../core.threads.wasm', import.meta.url);

let compiling: Promise<WebAssembly.Module> | null = null;

/** Begins to compile what `createSharedCore` needs, for those who know early that they will call it. */
export function prepareCore(kind: EngineKind): void {
  if (kind === 'wasm') compiledCore().catch(() => {});
}

function compiledCore(): Promise<WebAssembly.Module> {
  compiling ??= readFile(CORE).then((octets) => WebAssembly.compile(octets));
  return compiling;
}

/** Makes the shared memory (`bytes`, rounded down to MiB) of a core for `workers` workers. */
export async function createSharedCore(kind: EngineKind, bytes: number, workers: number): Promise<SharedCore> {
  const size = Math.max(MEMORY_MIN, Math.min(MEMORY_MAX, Math.floor(bytes / MEBIBYTE) * MEBIBYTE));
  if (workers > WORKERS_MAX) throw new RangeError(`there are at most ${WORKERS_MAX} workers, not ${workers}`);
  if (workers > workersIn(size)) {
    const needed = mebibytesFor(workers);
    throw new RangeError(`${workers} workers need a memory of ${needed} MiB, and there are ${size / MEBIBYTE}`);
  }
  if (kind === 'wasm') {
    const { createWasmCore } = await import('./wasm/shared-memory.js');
    return createWasmCore(await compiledCore(), size / MEBIBYTE, workers);
  }
  const { initJsCore } = await import('./js/engine.js');
  const buffer = new SharedArrayBuffer(size);
  initJsCore(buffer, workers);
  return { kind, buffer, workers };
}

/** Joins a shared core as participant 0 … `workers` (the coordinator). */
export async function openEngine(shared: SharedCore, participant: number): Promise<Engine> {
  if (shared.kind === 'wasm') {
    const { openWasmEngine } = await import('./wasm/wasm-engine.js');
    return openWasmEngine(shared, participant);
  }
  const { openJsEngine } = await import('./js/engine.js');
  return openJsEngine(shared, participant);
}
