/**
 * A few rounds of the crash tests; `npm run crash` plays as many as it is told.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = fileURLToPath(new URL('./run.mjs', import.meta.url));

test('a broker that is killed again and again keeps what it confirmed', async () => {
  const played = await promisify(execFile)(process.execPath, [run, '--rounds', '4']).catch(
    (error: { stdout: string }) => error,
  );
  expect(played.stdout).not.toContain('FAULT');
  expect(played.stdout).toMatch(/\d+ kills, \d+ while starting, \d+ right after a purge, \d+ orderly ends/);
});
