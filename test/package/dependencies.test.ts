/** What is told of dependencies is what an installation gets: npm's own list says the same. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dependenciesDocument } from '../../examples/packaging/npm/dependencies.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const document = readFileSync(`${ROOT}/docs/dependencies.md`, 'utf8');

test('the page of dependencies is what the lock file says: npm run config-docs', () => {
  expect(document).toBe(dependenciesDocument());
});

test('it has all that npm lists for a machine, with the same versions, licences and checksums', () => {
  const listed = execFileSync('npm', ['sbom', '--omit=dev', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  interface Component {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly content: string }[];
  }
  const { components } = JSON.parse(listed) as { components: readonly Component[] };
  expect(components.length).toBeGreaterThan(0);
  const missing = components.filter(({ name, version, hashes }) => {
    const octets = Buffer.from(hashes?.[0]?.content ?? '', 'hex').toString('base64');
    return !document.includes(`- ${name} ${version}, `) || !document.includes(octets);
  });
  expect(missing).toEqual([]);
});
