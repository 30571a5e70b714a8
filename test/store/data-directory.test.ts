/**
 * The data directory: one broker at a time, no older one on newer data, and what lies in it can be looked at.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { DataDirectory } from '../../dist/store/data-directory.js';
import { LocalDirectory } from '../../dist/store/log/local-directory.js';
import { temporaryDirectory } from './support/directories.js';
import { ack, openWriter, publish, recover } from './support/logs.js';
import { recoveredQueues } from './support/messages.js';

const module = new URL('../../dist/store/data-directory.js', import.meta.url).href;
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('a second broker is told who uses the directory', async () => {
  const path = await temporaryDirectory();
  const first = await DataDirectory.open(path);
  await expect(DataDirectory.open(path)).rejects.toThrow(
    `data directory ${path} is used by another broker (process ${process.pid})`,
  );
  first.close();
  (await DataDirectory.open(path)).close();
});

test('a broker that was killed leaves no lock', async () => {
  const path = await temporaryDirectory();
  const script = `const { DataDirectory } = await import(${JSON.stringify(module)});
    globalThis.directory = await DataDirectory.open(${JSON.stringify(path)});
    process.stdout.write('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(DataDirectory.open(path)).rejects.toThrow(`(process ${child.pid})`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await DataDirectory.open(path)).close();
});

test('data of a newer version is left alone', async () => {
  const path = await temporaryDirectory();
  (await DataDirectory.open(path)).close();
  await writeFile(join(path, 'format.json'), '{"format":2}');
  const refusal = `data directory ${path} was written by a newer version of Leveret (format 2; this version knows up to 1)`;
  await expect(DataDirectory.open(path)).rejects.toThrow(refusal);
  expect(await readFile(join(path, 'format.json'), 'utf8')).toBe('{"format":2}');
  await writeFile(join(path, 'format.json'), 'what is this');
  await expect(DataDirectory.open(path)).rejects.toThrow('does not say which format the data has');
});

test('on a real disk what was appended comes back, run after run', async () => {
  const path = await temporaryDirectory();
  const data = await DataDirectory.open(path);
  const directory = await LocalDirectory.at(data.logPath);
  const body = 'leveret '.repeat(40_000);
  for (let run = 0; run < 3; run++) {
    const recovered = await recover(directory);
    const writer = openWriter(directory, { start: recovered.start(0), fileOctets: 1 << 20 });
    for (let i = 0; i < 5; i++) await publish(writer, 1, run * 5 + i, [`${run}.${i} ${body}`]);
    await ack(writer, 1, run * 5, 1);
    await writer.close();
  }
  const seen = (await recoveredQueues(await recover(directory))).get(1) ?? [];
  expect(seen.every((entry) => entry.body.endsWith(body))).toBe(true);
  expect(seen.map((entry) => entry.body.slice(0, 3))).toEqual(
    [0, 1, 2].flatMap((run) => [1, 2, 3, 4].map((i) => `${run}.${i}`)),
  );
  data.close();
});

test('leveret log shows each file, and says when one is damaged', async () => {
  const path = await temporaryDirectory();
  const data = await DataDirectory.open(path);
  const directory = await LocalDirectory.at(data.logPath);
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['a', 'b', 'c']);
  await ack(writer, 1, 0);
  await writer.close();
  data.close();
  const run = () => promisify(execFile)(process.execPath, [command, 'log', path]);
  const { stdout } = await run();
  expect(stdout).toMatch(/^w00-0000000000\.log +\d+ +2 +3 +1 +1 +0 +1 +2 +\d+ +yes +good$/m);
  expect(stdout).toContain('2 messages live, 2 places in 1 queues');
  const file = join(path, 'log', 'w00-0000000000.log');
  const bytes = await readFile(file);
  bytes[4096 + 60] = 0xff;
  await writeFile(file, bytes);
  await expect(run()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('damaged: ') });
  expect(await readFile(file)).toEqual(bytes);
  const nothing = promisify(execFile)(process.execPath, [command, 'log', join(path, 'log')]);
  await expect(nothing).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('is not a data directory') });
});

test('every directory that is made is as safe as the files in it', async () => {
  const above = await temporaryDirectory();
  const path = join(above, 'brokers', 'one');
  const synced: string[] = [];
  const data = await DataDirectory.open(path, async (directory) => void synced.push(directory));
  // Its id lies in it from the start.
  expect(synced).toEqual([join(above, 'brokers'), above, path]);
  await data.syncEntries();
  expect(synced.slice(3)).toEqual([join(path, 'definitions'), path]);
  data.close();
  synced.length = 0;
  (await DataDirectory.open(path, async (directory) => void synced.push(directory))).close();
  expect(synced).toEqual([]);
});
