/** The example does what it says. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('examples/channel.mjs prints what became of each order', async () => {
  const path = fileURLToPath(new URL('../../examples/channel.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path]);
  expect(stdout.trimEnd().split('\n')).toEqual([
    '0: done',
    '1: refused',
    '2: done',
    'refused: stones, "rejected"',
    "returned from 'nowhere': NO_ROUTE",
    "404 at queue.declare: NOT_FOUND - no queue 'missing' in vhost '/'",
  ]);
});
