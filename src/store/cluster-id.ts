/**
 * What a broker is known by as long as its data are, whatever its machine and its name are: dashboards tell brokers
 * apart by it. What must hold: it is made once for a data directory; without a place to keep it, it is of this run alone.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'cluster-id';
/** As RabbitMQ's: 16 octets in base64 that addresses take, behind what says whose it is. */
const PATTERN = /^leveret-cluster-id-[\w-]{22}$/;

export function freshClusterId(): string {
  return `leveret-cluster-id-${randomBytes(16).toString('base64url')}`;
}

/** `sync`: makes the entries of a directory safe. */
export async function clusterIdIn(directory: string, sync: (path: string) => Promise<void>): Promise<string> {
  const path = join(directory, FILE);
  const kept = (await fs.readFile(path, 'utf8').catch(absent)).trim();
  if (PATTERN.test(kept)) return kept;
  const id = freshClusterId();
  try {
    await fs.writeFile(`${path}.new`, `${id}\n`, { mode: 0o600, flush: true });
    await fs.rename(`${path}.new`, path);
    await sync(directory);
  } catch {
    // A full disk keeps no broker from its messages: the next start tries again.
  }
  return id;
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
