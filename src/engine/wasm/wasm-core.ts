/**
 * Loading the WebAssembly core: the module is compiled once, each participant instantiates it on the shared memory.
 * What must hold: limits that both engines keep are the same numbers in the core (`checkConstants`).
 */
import { readFile } from 'node:fs/promises';
import { instantiateSync } from '@assemblyscript/loader';
import { Counter, type HeldBack, Limit } from '../engine.js';
import type { CoreConstants, CoreFunctions } from './exports.js';

/** Layout of the memory that this host knows. */
const LAYOUT = 2;

export async function compileCore(file: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file));
}

/** A loaded core: its functions without the loader's wrappers, which take a rest array for each call. */
export interface Core {
  readonly functions: CoreFunctions;
  readonly doorbellOffset: number;
  readonly pageBytes: number;
  readonly segmentBytes: number;
  readonly slotsPerBlock: number;
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
  const constants = exports as unknown as CoreConstants;
  checkConstants(constants);
  return {
    functions: unwrapped(exports as unknown as Record<string, unknown>),
    doorbellOffset: constants.DOORBELL_OFFSET.value as number,
    pageBytes: constants.PAGE.value as number,
    segmentBytes: constants.SEGMENT.value as number,
    slotsPerBlock: constants.SLOTS.value as number,
    holdBack: (taker) => {
      take = taker;
    },
  };
}

/** Who keeps no log records nothing. */
function trap(): never {
  throw new Error('places are done in a log that was not begun');
}

function unwrapped(exports: Record<string, unknown>): CoreFunctions {
  const functions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'function') functions[name] = (value as { original?: unknown }).original ?? value;
  }
  return functions as unknown as CoreFunctions;
}

function checkConstants(constants: CoreConstants): void {
  const pairs: [string, unknown, number][] = [
    ['LAYOUT', constants.LAYOUT.value, LAYOUT],
    ['FRAME_MAX', constants.FRAME_MAX.value, Limit.FRAME_MAX],
    ['BODY_MAX', constants.BODY_MAX.value, Limit.BODY_MAX],
    ['CHANNEL_MAX', constants.CHANNEL_MAX.value, Limit.CHANNEL_MAX],
    ['COUNTER_RECEIVED', constants.COUNTER_RECEIVED.value, Counter.RECEIVED],
    ['COUNTER_ENQUEUED', constants.COUNTER_ENQUEUED.value, Counter.ENQUEUED],
    ['COUNTER_DELIVERED', constants.COUNTER_DELIVERED.value, Counter.DELIVERED],
    ['COUNTER_ACKNOWLEDGED', constants.COUNTER_ACKNOWLEDGED.value, Counter.ACKNOWLEDGED],
    ['COUNTER_OCTETS_IN', constants.COUNTER_OCTETS_IN.value, Counter.OCTETS_IN],
    ['COUNTER_OCTETS_OUT', constants.COUNTER_OCTETS_OUT.value, Counter.OCTETS_OUT],
  ];
  for (const [name, core, host] of pairs) {
    if (core !== host)
      throw new Error(`the core was built for another host: ${name} is ${core} there and ${host} here`);
  }
}
