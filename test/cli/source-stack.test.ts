/**
 * Stack traces of the bundled command: they name the sources.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sourceStack } from '../../src/cli/source-stack.js';

const built = new URL('../../dist/cli/main.js', import.meta.url);
const source = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Line and column (from 1) of a text in a file. */
function placeOf(text: string, file: URL | string): string {
  const before = readFileSync(file, 'utf8').split(text)[0] ?? '';
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
}

test('a frame in a bundled file is shown where its source is', () => {
  const text = 'stopOnSignal(broker, output, service)';
  const bundled = 'stopOnSignal(broker,output,service)';
  expect(sourceStack(`Error: boom\n    at serve (${built.href}:${placeOf(bundled, built)})`)).toBe(
    `Error: boom\n    at serve (${source}:${placeOf(text, source)})`,
  );
});

test('a frame in a file without a source map stays as it is', () => {
  const stack = 'Error: boom\n    at file:///nowhere/thing.js:1:2\n    at node:internal/process:3:4';
  expect(sourceStack(stack)).toBe(stack);
});
