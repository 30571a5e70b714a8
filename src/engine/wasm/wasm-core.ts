/**
 * Loading the WebAssembly core: the module is compiled once, each participant instantiates it on the shared memory.
 * What must hold: the core was built from the numbers that the host uses.
 */
import { readFile } from 'node:fs/promises';
import { instantiateSync } from '@assemblyscript/loader';
import { checkNumbers } from '../../numbers/check.js';
import * as coreNumbers from '../../numbers/core.js';
import * as logNumbers from '../../numbers/log.js';
import type { HeldBack } from '../log.js';
import type { CoreFunctions } from './exports.js';

export async function compileCore(file: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file));
}

/** A loaded core: its functions without the loader's wrappers, which take a rest array for each call. */
export interface Core {
  readonly functions: CoreFunctions;
  /** Says who takes places that are done while nothing has room for the record. */
  holdBack(taker: HeldBack): void;
}

/** `imports`: what a checking build asks for besides the memory (assembly/memory/checkpoint.ts). */
export function instantiateCore(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  imports: WebAssembly.Imports = {},
): Core {
  let take: HeldBack = trap;
  const heldBack: HeldBack = (queue, from, count) => take(queue, from, count);
  const { exports } = instantiateSync(module, { ...imports, env: { memory }, host: { heldBack } });
  const named = exports as unknown as Readonly<Record<string, unknown>>;
  checkNumbers(coreNumbers, named);
  checkNumbers(logNumbers, named);
  return {
    functions: unwrapped(named),
    holdBack: (taker) => {
      take = taker;
    },
  };
}

/** Who keeps no log records nothing. */
function trap(): never {
  throw new Error('places are done in a log that was not begun');
}

function unwrapped(exports: Readonly<Record<string, unknown>>): CoreFunctions {
  const functions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'function') functions[name] = (value as { original?: unknown }).original ?? value;
  }
  return functions as unknown as CoreFunctions;
}
