/**
 * Making the memory that all participants of a WebAssembly core share. Its pages cost nothing until they are touched.
 */
import type { SharedCore } from '../engine.js';
import { instantiateCore } from './wasm-core.js';

const WASM_PAGES_PER_MEBIBYTE = 16;

/**
 * Lays out a core with threads, of `mebibytes` MiB for `workers` workers and the coordinator. What comes back goes to
 * other threads as it is, by a structured clone. `imports`: those of a checking build.
 */
export function createWasmCore(
  module: WebAssembly.Module,
  mebibytes: number,
  workers: number,
  imports?: WebAssembly.Imports,
): SharedCore {
  // The maximum is what the module declares; what counts is the initial size, all of which is reserved at once.
  const memory = new WebAssembly.Memory({
    initial: mebibytes * WASM_PAGES_PER_MEBIBYTE,
    maximum: 65536,
    shared: true,
  });
  if (!instantiateCore(module, memory, imports).functions.initCore(mebibytes, workers + 1))
    throw new RangeError(`a memory of ${mebibytes} MiB is none for ${workers} workers`);
  return { kind: 'wasm', buffer: memory.buffer as unknown as SharedArrayBuffer, memory, module, workers };
}
