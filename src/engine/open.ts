/**
 * Opening a core of either kind: `createSharedCore` on the main thread, `openEngine` by each participant. The twin's
 * code is loaded only when it is asked for.
 */
import type { Engine, EngineKind, SharedCore } from './engine.js';

const MEBIBYTE = 1 << 20;
/** Smallest memory that holds two workers and leaves room for messages. */
export const MEMORY_MIN = 16 * MEBIBYTE;
export const MEMORY_MAX = 4096 * MEBIBYTE;

/** The core with threads, beside the built modules. */
const CORE = new URL('../core.threads.wasm', import.meta.url);

/** Makes the shared memory (`bytes`, rounded down to MiB) of a core for `workers` workers. */
export async function createSharedCore(kind: EngineKind, bytes: number, workers: number): Promise<SharedCore> {
  const size = Math.max(MEMORY_MIN, Math.min(MEMORY_MAX, Math.floor(bytes / MEBIBYTE) * MEBIBYTE));
  if (kind === 'wasm') {
    const { createWasmCore } = await import('./wasm/shared-memory.js');
    return createWasmCore(CORE, size, workers);
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
