/**
 * The core as it is shipped, but that each atomic operation on 32 bits first calls the host, who now and then takes his
 * time, and so does each store behind itself: so others get in between where they seldom do. And maybe with one of the faults that the search for races must
 * find, too (test/schedules/scenarios/planted.ts).
 */
import { createWasmCore } from '../../dist/engine/wasm/shared-memory.js';
import type { SharedCore } from '../../src/engine/engine.js';
import { FAULTS } from '../schedules/scenarios/planted.js';
import { compile, type Edit } from '../schedules/search/compile.js';
import { HESITATION } from './hesitation.mjs';

const ATOMIC = 'assembly/memory/atomic.ts';
/** The first operation, before which the import is declared, and those that call it. */
const OPERATIONS = [
  'atomicLoad(address: usize): u32 {',
  'atomicStore(address: usize, value: u32): void {',
  'atomicAdd(address: usize, value: u32): u32 {',
  'atomicExchange(address: usize, value: u32): u32 {',
  'compareExchange(address: usize, expected: u32, value: u32): u32 {',
];

const DECLARATION = `// @ts-ignore: decorator
@external('${HESITATION}', 'hesitate')
declare function hesitate(): void;
`;

/** What is told by a store must be there before it: plain stores that come too late are seen to be missing. */
const STORED = '  else store<u32>(address, value);\n}\n';

function hesitating(): Edit[] {
  const before = OPERATIONS.map((operation, i) => {
    const find = `@inline export function ${operation}\n`;
    return { file: ATOMIC, find, replace: `${i === 0 ? DECLARATION : ''}${find}  hesitate();\n` };
  });
  return [...before, { file: ATOMIC, find: STORED, replace: STORED.replace('}', '  hesitate();\n}') }];
}

/** `fault`: what is planted, by its name; null: nothing. */
export async function compileHesitant(fault: string | null = null): Promise<WebAssembly.Module> {
  const planted = FAULTS.find(({ name }) => name === fault);
  if (fault !== null && planted === undefined) throw new Error(`there is no fault ${fault}`);
  const binary = await compile([...hesitating(), ...(planted?.edits ?? [])], ['--optimizeLevel', '3', '--noAssert']);
  return WebAssembly.compile(binary);
}

/** Shared memory of such a core, for `workers` workers. */
export function hesitantCore(module: WebAssembly.Module, mebibytes: number, workers: number): SharedCore {
  return createWasmCore(module, mebibytes, workers, { [HESITATION]: { hesitate: () => {} } });
}
