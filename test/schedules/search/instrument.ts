/**
 * The core as the search runs it: compiled from the sources with SEARCHED defined (assembly/memory/searched.ts), then
 * rewritten so that each access to memory is told before it happens, and so that a participant can stop there.
 *
 * Told are loads, stores, atomic operations, waits, notifications, and copies and fills line by line. A load's address
 * and a store's value pass through a function of the module that counts the access, marks the page that is written, and
 * asks the host (`step`) unless the line belongs to this participant alone. So what is private costs a compare, and
 * what is shared costs a call. Asyncify (a pass of binaryen) then lets `step` unwind the participant's stack into
 * memory and rewind it later: several participants run on one thread, one at a time.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { compile, type Edit, ROOT } from './compile.js';
import { type Layout, Rewriting, type Site } from './rewriting.js';

export interface Instrumented {
  readonly module: WebAssembly.Module;
  readonly sites: readonly Site[];
  /** Names of the mutable globals, which are exported as `global:NAME`. */
  readonly globals: readonly string[];
}

/** Words that are looked at when a run is over; their offsets are exports of the core that is searched. */
const LOOKED_AT = {
  Queue: ['head', 'tail', 'requeued', 'waiting', 'grants', 'consumers'],
  Participant: ['state', 'inbox', 'pageInRequests', 'seen'],
  Root: ['epoch'],
} as const;
export type LookedAt = {
  [K in keyof typeof LOOKED_AT]: `${K}.${(typeof LOOKED_AT)[K][number]}`;
}[keyof typeof LOOKED_AT];

/** Exports them. */
function offsets(): Edit {
  const find = "export * from './exports/statistics';";
  const lines = Object.entries(LOOKED_AT).flatMap(([structure, words]) =>
    words.map((word) => `export const OFFSET_${structure}_${word}: u32 = offsetof<${structure}>('${word}');`),
  );
  const imports = `import { Queue } from './queue/chain/queue';\nimport { Participant, Root, ROOT } from './memory/root';`;
  return {
    file: 'assembly/index.ts',
    find,
    replace: [find, imports, 'export const ADDRESS_ROOT: u32 = <u32>ROOT;', ...lines].join('\n'),
  };
}

/** What only this build is told. */
const OPTIONS = ['assembly/memory/searched.ts', '--optimizeLevel', '1', '--use', 'SEARCHED=1', '--debug'];

const { Features } = binaryen;
const FEATURES =
  Features.Atomics |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.MutableGlobals |
  Features.SIMD128 |
  Features.SignExt |
  Features.NontrappingFPToInt;

/** The core with edits; what was made before of the same sources is taken from a cache. `layout` is fixed in its code. */
export async function instrument(layout: Layout, edits: readonly Edit[] = []): Promise<Instrumented> {
  const name = join(CACHE, digest(layout, edits));
  if (!existsSync(`${name}.json`)) {
    const { binary, sites, globals } = await rewrite(layout, edits);
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(`${name}.wasm`, binary);
    writeFileSync(`${name}.json`, JSON.stringify({ sites, globals }));
  }
  const { sites, globals } = JSON.parse(readFileSync(`${name}.json`, 'utf8')) as Omit<Instrumented, 'module'>;
  return { module: new WebAssembly.Module(readFileSync(`${name}.wasm`)), sites, globals };
}

const CACHE = join(ROOT, 'node_modules/.cache/schedules');

/** Of all that the result depends on. */
function digest(layout: Layout, edits: readonly Edit[]): string {
  const hash = createHash('sha256').update(JSON.stringify([layout, edits]));
  const sources = readdirSync(join(ROOT, 'assembly'), { recursive: true }).map(String).sort();
  for (const source of sources) {
    if (source.endsWith('.ts')) hash.update(source).update(readFileSync(join(ROOT, 'assembly', source)));
  }
  for (const file of [
    ...['compile', 'instrument', 'rewriting'].map((name) => `test/schedules/search/${name}.ts`),
    'package.json',
  ])
    hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 24);
}

async function rewrite(layout: Layout, edits: readonly Edit[]) {
  const module = binaryen.readBinary(await compile([...edits, offsets()], OPTIONS));
  module.setFeatures(FEATURES);
  const sites = new Rewriting(module, layout).run();
  const globals = exportGlobals(module);
  binaryen.setPassArgument('asyncify-imports', 'schedule.step,schedule.wait');
  module.runPasses(['coalesce-locals', 'simplify-locals-nostructure', 'vacuum', 'asyncify']);
  if (!module.validate()) throw new Error('the rewritten core is not valid');
  const binary = module.emitBinary();
  module.dispose();
  return { binary, sites, globals };
}

function exportGlobals(module: binaryen.Module): string[] {
  const names: string[] = [];
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const { name, mutable, module: imported } = binaryen.getGlobalInfo(module.getGlobalByIndex(i));
    if (!mutable || imported) continue;
    module.addGlobalExport(name, `global:${name}`);
    names.push(name);
  }
  return names;
}
