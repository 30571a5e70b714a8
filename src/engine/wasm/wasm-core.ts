/**
 * Instantiating the core's module. What must hold before anything runs: the core was built from the numbers that the
 * host uses. Nothing here, or below, needs Node.
 */
import { instantiateSync } from '@assemblyscript/loader';
import { checkNumbers } from '../../numbers/check.js';
import * as coreNumbers from '../../numbers/core.js';
import * as logNumbers from '../../numbers/log.js';
import type { HeldBack } from '../log.js';
import type { CoreFunctions } from './exports.js';

/** The numbers of all cores but the small one. */
const WHOLE: Readonly<Record<string, number>> = { ...coreNumbers, ...logNumbers };

/** An instance of the core. */
export interface Core {
  readonly functions: CoreFunctions;
  /** The one that was given, or the module's own. Its buffer is another one after `initCore`, if it has grown. */
  readonly memory: WebAssembly.Memory;
  /** Says who takes places that are done while nothing has room for the record. */
  holdBack(taker: HeldBack): void;
}

/**
 * `memory`: what participants share, for the module with threads; the one without brings its own. `imports`: what a
 * checking build asks for besides (assembly/memory/checkpoint.ts). `numbers`: those that this core must have.
 */
export function instantiateCore(
  module: WebAssembly.Module,
  memory?: WebAssembly.Memory,
  imports: WebAssembly.Imports = {},
  numbers: Readonly<Record<string, number>> = WHOLE,
): Core {
  let take: HeldBack = trap;
  const heldBack: HeldBack = (queue, from, count) => take(queue, from, count);
  const given = memory === undefined ? {} : { env: { memory } };
  // Not the functions that the loader puts around them: those take a rest array for each call.
  const { exports } = instantiateSync(module, { ...imports, ...given, host: { heldBack } }).instance;
  const { memory: exported } = exports;
  checkNumbers(numbers, exports);
  const own = memory ?? exported;
  if (!(own instanceof WebAssembly.Memory)) throw new TypeError('a core with threads is instantiated on a memory');
  return {
    // What it exports is compared with that list by test/engine/core-without-threads.test.ts.
    functions: exports as unknown as CoreFunctions,
    memory: own,
    holdBack: (taker) => {
      take = taker;
    },
  };
}

/** Who keeps no log records nothing. */
function trap(): never {
  throw new Error('places are done in a log that was not begun');
}
