/** What is written of the settings is what they are: the pages that follow from their table are up to date. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DOCUMENTS } from '../../src/cli/config/documents.js';
import { parseOptions } from '../../src/cli/options.js';

function place(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

test.each(Object.entries(DOCUMENTS))('%s is what the settings say (else: npm run config-docs)', (path, text) => {
  expect(readFileSync(place(path), 'utf8')).toBe(text());
});

test('the example file changes nothing, and each of its lines can be used', () => {
  const example = readFileSync(place('examples/leveret.toml'), 'utf8');
  const served = (flags: readonly string[]) => {
    const command = parseOptions(flags);
    if (command.action !== 'serve') throw new Error(`not served: ${JSON.stringify(command)}`);
    return command.options;
  };
  expect(served(['--config', place('examples/leveret.toml')])).toEqual(served([]));
  const keys = [...example.matchAll(/^#(\w+) = /gm)].map(([, key]) => key);
  expect(keys).toContain('port');
  expect(new Set(keys).size).toBe(keys.length);
});
