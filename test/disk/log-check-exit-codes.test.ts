/** `leveret log DIR --check` as a script sees it: by its exit code. */
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isReferee, runToExit } from '../support/broker.js';
import { cleanUp, directory, open, PERSISTENT, start } from '../support/kept-data.js';

cleanUp();

const check = (data: string) => runToExit(['log', data, '--check']);

function flip(path: string, offset: number): void {
  const fd = openSync(path, 'r+');
  const octet = Buffer.alloc(1);
  readSync(fd, octet, 0, 1, offset);
  octet[0] = (octet[0] ?? 0) ^ 0x40;
  writeSync(fd, octet, 0, 1, offset);
  closeSync(fd);
}

test.skipIf(isReferee)('the check of a log tells a script by its exit code how bad it is', async () => {
  const data = directory();
  expect(await check(join(data, 'nowhere'))).toMatchObject({ code: 3, stderr: expect.stringMatching(/^leveret: /) });
  const broker = await start(data, { workers: 1 });
  const channel = await open(broker);
  await channel.call('queue.declare', { queue: 'kept', durable: true });
  await channel.call('confirm.select');
  for (const body of ['one', 'two', 'three']) {
    channel.publish('', 'kept', body.padEnd(500), { properties: PERSISTENT });
    await channel.confirms.next('the confirm');
  }
  expect(await check(data)).toMatchObject({ code: 3, stdout: expect.stringMatching(/a broker is using it/) });
  await broker.stop();
  expect(await check(data)).toMatchObject({ code: 0, stdout: 'nothing is wrong\n' });

  const log = join(data, 'log');
  const file = join(log, 'w01-0000000000.log');
  flip(file, 20);
  const before = readdirSync(log);
  const mended = await check(data);
  expect(mended).toMatchObject({ code: 1 });
  expect(mended.stdout).toMatch(/^w01-0000000000\.log: one copy of its head is damaged\n/);
  flip(file, 4096 + 200);
  const lost = await check(data);
  expect(lost).toMatchObject({ code: 2 });
  expect(lost.stdout).toMatch(/what was confirmed may be missing/);
  expect(readdirSync(log)).toEqual(before);
});
