/**
 * Moves on disk, a file each, as long as they are not over: so they go on after whatever has ended the broker. What must
 * hold: a file is there whole or not at all, and durable before what it promises is done.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import type { MoveSpec } from './move-spec.js';

export interface KeptMove {
  readonly id: string;
  readonly spec: MoveSpec;
  readonly startedAt: number;
  /** So many messages may have been moved. */
  readonly moved: number;
}

const SUFFIX = '.json';

export class MoveStore {
  /** Null: nothing is kept. */
  readonly #directory: string | null;

  constructor(dataDirectory: string | null) {
    this.#directory = dataDirectory === null ? null : join(dataDirectory, 'moves');
  }

  /** Whether there are moves that were not over when the broker ended. */
  async isUsed(): Promise<boolean> {
    return (await this.#names()).length > 0;
  }

  /** Those that were not over when the broker ended. */
  async all(): Promise<KeptMove[]> {
    if (this.#directory === null) return [];
    const kept: KeptMove[] = [];
    for (const name of await this.#names()) {
      const path = join(this.#directory, name);
      if (name.endsWith(SUFFIX)) kept.push(JSON.parse(await fs.readFile(path, 'utf8')) as KeptMove);
      else await fs.rm(path, { force: true });
    }
    return kept;
  }

  async #names(): Promise<string[]> {
    if (this.#directory === null) return [];
    return fs.readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  async keep(move: KeptMove): Promise<void> {
    if (this.#directory === null) return;
    await fs.mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, `${move.id}${SUFFIX}`);
    const file = await fs.open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(move)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(`${path}.new`, path);
    await this.#sync(this.#directory);
  }

  async forget(id: string): Promise<void> {
    if (this.#directory === null) return;
    await fs.rm(join(this.#directory, `${id}${SUFFIX}`), { force: true });
  }

  async #sync(path: string): Promise<void> {
    const directory = await fs.open(path, 'r');
    await directory.sync().finally(() => directory.close());
  }
}
