/** A folder that goes with what ran in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @template T
 * @param {string} parent
 * @param {(path: string) => T | Promise<T>} run
 */
export async function inTemporaryFolder(parent, run) {
  const path = mkdtempSync(join(parent, 'leveret-bench-'));
  try {
    return await run(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}
