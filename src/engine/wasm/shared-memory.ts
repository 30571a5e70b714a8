/**
 * Making the memory that all participants of a WebAssembly core share. Its pages cost nothing until they are touched.
 */
import type { SharedCore } from '../engine.js';
import { compileCore, instantiateCore } from './wasm-core.js';

const MEBIBYTE = 1 << 20;
const WASM_PAGE = 65536;

/**
 * Lays out the core that `file` holds, of `bytes` (a multiple of 1 MiB) for `workers` workers and the coordinator.
 * `imports`: those of a checking build.
 */
export async function createWasmCore(
  file: URL,
  bytes: number,
  workers: number,
  imports?: WebAssembly.Imports,
): Promise<SharedCore> {
  const pages = bytes / WASM_PAGE;
  // The maximum is what the module declares; what counts is the initial size, all of which is reserved at once.
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const module = await compileCore(file);
  instantiateCore(module, memory, imports).functions.initCore(bytes / MEBIBYTE, workers + 1);
  return { kind: 'wasm', buffer: memory.buffer as unknown as SharedArrayBuffer, memory, module, workers };
}
