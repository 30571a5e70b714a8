/**
 * The folder of a migration: from where to where, what the target's exchanges are called, and a journal for each queue.
 * What must hold: one process at a time uses it; another migration does not go on with it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, endpointText } from '../client/endpoint.js';
import { takeLock } from '../platform/file-lock.js';
import { Journal } from './journal.js';
import { MigrationError, type QueueName } from './plan.js';

interface Written {
  readonly from: string;
  readonly to: string;
  /** By vhost. */
  readonly memories: Readonly<Record<string, string>>;
}

export class MigrationState {
  readonly #folder: string;
  readonly #release: () => void;
  #written: Written;

  private constructor(folder: string, release: () => void, written: Written) {
    this.#folder = folder;
    this.#release = release;
    this.#written = written;
  }

  static open(folder: string, source: Endpoint, target: Endpoint): MigrationState {
    const begun = { from: endpointText(source), to: endpointText(target), memories: {} };
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const release = takeLock(join(folder, 'lock'));
      if (release === null)
        throw new MigrationError(`another migration runs with ${folder} (--state names another folder)`);
      const state = new MigrationState(folder, release, read(folder) ?? begun);
      const { from, to } = state.#written;
      if (from !== begun.from || to !== begun.to) {
        release();
        throw new MigrationError(`${folder} is of a migration from ${from} to ${to} (--state names another folder)`);
      }
      state.#write();
      return state;
    } catch (error) {
      if (error instanceof MigrationError) throw error;
      throw new MigrationError(`${folder} cannot be used (--state): ${error instanceof Error ? error.message : error}`);
    }
  }

  memory(vhost: string): string | null {
    const { memories } = this.#written;
    return Object.hasOwn(memories, vhost) ? (memories[vhost] ?? null) : null;
  }

  remember(vhost: string, memory: string): void {
    this.#written = { ...this.#written, memories: { ...this.#written.memories, [vhost]: memory } };
    this.#write();
  }

  journal({ vhost, name }: QueueName): Journal {
    const digest = createHash('sha256').update(`${vhost}\0${name}`).digest('hex').slice(0, 32);
    return Journal.open(join(this.#folder, `${digest}.journal`));
  }

  close(): void {
    this.#release();
  }

  #write(): void {
    const path = join(this.#folder, 'migration.json');
    writeFileSync(`${path}.new`, JSON.stringify(this.#written, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

function read(folder: string): Written | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'migration.json'), 'utf8')) as Written;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
