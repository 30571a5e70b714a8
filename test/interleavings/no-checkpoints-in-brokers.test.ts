/** Checkpoints are for tests: they are in the checking build and in no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The modules from which a core imports something. */
function importsOf(core: string): string[] {
  const file = new URL(`../../dist/${core}`, import.meta.url);
  return WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file))).map(({ module }) => module);
}

test('the cores that run in brokers have no checkpoints', () => {
  expect(importsOf('core.checking.wasm')).toContain('checking');
  expect(importsOf('core.threads.wasm').sort()).toEqual(['env', 'host']);
  expect(importsOf('core.wasm')).toEqual(['host']);
  expect(importsOf('core.small.wasm')).toEqual([]);
});
