/**
 * Directories on the real disk that go when the test is over.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'leveret-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
