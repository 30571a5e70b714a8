/**
 * The log's directory on a real file system, which several threads use at once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LocalDirectory } from '../../src/store/log/local-directory.js';

const paths: string[] = [];
afterEach(() => {
  for (const path of paths.splice(0)) rmSync(path, { recursive: true });
});

test('lists what is there while another writer renames its files', async () => {
  const path = mkdtempSync(join(tmpdir(), 'leveret-directory-'));
  paths.push(path);
  const directory = await LocalDirectory.at(path);
  const names = Array.from({ length: 50 }, (_, i) => `spare-${i}.old`);
  for (const name of names) await (await directory.create(name)).close();
  const stays = await directory.create('stays');
  await stays.close();
  for (let round = 0; round < 20; round++) {
    const [from, to] = round % 2 === 0 ? ['', 'x'] : ['x', ''];
    const renamed = names.map((name) => directory.rename(from + name, to + name));
    const listed = await directory.list();
    expect(listed.map(({ name }) => name)).toContain('stays');
    await Promise.all(renamed);
  }
  expect(await directory.list()).toHaveLength(names.length + 1);
});
