/**
 * Reading a log file of which the device cannot give everything. What must hold: an operator is told which file it is,
 * and where; nothing is stepped over unless he said so, and then only the blocks that cannot be read.
 */
import type { LogFile } from './log-directory.js';

/** Octets that the device did not give, as zeros in their place. */
export interface Hole {
  readonly offset: number;
  readonly octets: number;
}

/** What systems read at once: less than that cannot be told to be bad. */
export const BLOCK_OCTETS = 4096;

/** A log file cannot be read, in words for its owner. */
export class UnreadableError extends Error {
  constructor(name: string, offset: number, cause: Error) {
    super(
      `log file ${name} cannot be read at ${offset} (${cause.message}); --skip-unreadable starts without what lies there`,
    );
  }
}

/** Whether the device has lost what was asked for; all else concerns the file as a whole. */
export function isUnreadable(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EIO' || code === 'EBADMSG' || code === 'EUCLEAN';
}

export class CarefulFile implements Pick<LogFile, 'read'> {
  readonly holes: Hole[] = [];

  constructor(
    readonly file: LogFile,
    readonly name: string,
    /** Whether what cannot be read is stepped over. */
    readonly skips: boolean,
  ) {}

  async read(into: Uint8Array, at: number): Promise<number> {
    try {
      return await this.file.read(into, at);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return this.#readBlocks(into, at);
    }
  }

  /** Block by block, to learn which of them is bad. */
  async #readBlocks(into: Uint8Array, at: number): Promise<number> {
    for (let from = 0; from < into.length; ) {
      const to = Math.min(into.length, from + BLOCK_OCTETS - ((at + from) % BLOCK_OCTETS));
      const block = into.subarray(from, to);
      const octets = await this.#readBlock(block, at + from);
      if (octets < block.length) return from + octets;
      from = to;
    }
    return into.length;
  }

  async #readBlock(block: Uint8Array, at: number): Promise<number> {
    try {
      return await this.file.read(block, at);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (!this.skips) throw new UnreadableError(this.name, at, error);
      block.fill(0);
      this.holes.push({ offset: at, octets: block.length });
      return block.length;
    }
  }
}
