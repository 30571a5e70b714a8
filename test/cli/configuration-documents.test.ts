/** What is written of the settings is what they are: the pages that follow from their table are up to date. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { NODE_LIMIT_NAMES, NODE_LIMITS } from '../../src/broker/requests/node-limits.js';
import { DOCUMENTS } from '../../src/cli/config/documents.js';
import { limitKey } from '../../src/cli/config/limit-settings.js';
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

test.each(NODE_LIMIT_NAMES)('docs/limits.md has the default of %s', (name) => {
  const [line] = readFileSync(place('docs/limits.md'), 'utf8')
    .split('\n')
    .filter((one) => one.startsWith('- **') && one.includes(`\`${limitKey(name)}\``));
  expect(line).toContain(NODE_LIMITS[name].standard.toLocaleString('en'));
});
