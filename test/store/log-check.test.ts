/** What an operator is told of each kind of damage. */
import { expect, test } from 'vitest';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { CheckCode, check } from '../../dist/store/recovery/check.js';
import { inspectLogs } from '../../dist/store/recovery/inspect.js';
import { openLogManager, openWriter, publish, scanner } from './support/logs.js';
import { SimulatedDirectory } from './support/simulated.js';

const FILE = 'w01-0000000000.log';

/** A log that was ended in order, or just left. */
async function written(ended: boolean): Promise<SimulatedDirectory> {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory);
  const onEvent = (event: Parameters<typeof logManager.heard>[1]): void => logManager.heard(1, event);
  const writer = openWriter(directory, { writerNumber: 1, onEvent });
  for (let i = 0; i < 3; i++) await publish(writer, 256, i, [`${i}`.padEnd(500)]);
  if (!ended) return directory.copy();
  await writer.close();
  await logManager.close(new Map());
  return directory;
}

async function checked(directory: SimulatedDirectory, used = false) {
  return check(await inspectLogs(directory, () => true, scanner), used);
}

test('of a log without damage it is said that nothing is wrong', async () => {
  expect(await checked(await written(true))).toEqual({ code: CheckCode.GOOD, lines: ['nothing is wrong'] });
  expect(await checked(await written(false))).toMatchObject({ code: CheckCode.GOOD });
});

test('one of two copies of a head is mended', async () => {
  const directory = await written(true);
  directory.flip(FILE, 20);
  const { code, lines } = await checked(directory);
  expect(code).toBe(CheckCode.MENDED);
  expect(lines[0]).toBe(`${FILE}: one copy of its head is damaged`);
  expect(lines.at(-1)).toMatch(/^nothing that was confirmed is at risk/);
});

test('a last batch that is unfinished was never promised', async () => {
  const directory = await written(false);
  directory.flip(FILE, 4096 + 2 * 700 + 300);
  expect((await checked(directory)).code).toBe(CheckCode.MENDED);
});

test.each([
  { what: 'a record in the middle', places: [4096 + 200] },
  { what: 'a file whose head is damaged twice', places: [20, 2048 + 20] },
])('$what puts what was confirmed at risk', async ({ places }) => {
  const directory = await written(true);
  for (const place of places) directory.flip(FILE, place);
  const { code, lines } = await checked(directory);
  expect(code).toBe(CheckCode.LOST);
  expect(lines[0]).toMatch(new RegExp(`^${FILE}: `));
  expect(lines.join(' ')).toMatch(/what was confirmed may be missing.*put back a backup/);
});

test('a file that is gone puts what was confirmed at risk', async () => {
  const directory = await written(true);
  await directory.remove(FILE);
  expect(await checked(directory)).toMatchObject({ code: CheckCode.LOST });
  expect((await checked(directory)).lines[0]).toBe(`${FILE}: it is gone`);
});

test('places whose message is nowhere put what was confirmed at risk', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { writerNumber: 1 });
  await publish(writer, 256, 0, ['whole']);
  const batch = new BatchBuilder();
  const first = writer.takeMessageIds(2);
  batch.enqueue(256, 1, 0, [first, first + 1]);
  await writer.append(batch);
  await writer.close();
  const { code, lines } = await checked(directory);
  expect(code).toBe(CheckCode.LOST);
  expect(lines[0]).toBe('2 places whose message cannot be found');
});

test.each([
  { what: 'in the middle', from: 4096 + 100 },
  // A batch that cannot be read may have been a whole one.
  { what: 'in the last batch', from: 4096 + 2 * 700 + 300 },
])('a place $what that the device cannot read puts what was confirmed at risk, and is named', async ({ from }) => {
  const directory = await written(false);
  directory.lose(FILE, from, from + 100);
  const { code, lines } = await checked(directory);
  expect(code).toBe(CheckCode.LOST);
  expect(lines[0]).toMatch(new RegExp(`^${FILE}: damaged: \\d+ octets at \\d+$`));
});

test('while a broker is using it nothing is said', async () => {
  expect(await checked(await written(false), true)).toMatchObject({ code: CheckCode.UNKNOWN });
});
