/**
 * The store's files through one narrow interface: on this machine (local-directory.ts), or in a simulation that loses
 * power (the tests). A log that goes to other machines comes in above, as another CommitLog. What must hold: nothing is
 * promised to outlast a loss of power but what lay in a file when `sync` was called and resolved, what a write to a
 * file that is opened for synced writes has resolved for, and names that stood when `syncNames` was called and
 * resolved.
 */

/**
 * Whether a write resolves when the system has it, or when it is as safe as after a sync: one call of the system where
 * it can do that.
 */
export type Writing = 'cached' | 'synced';

/**
 * One file. Calls on one file come one after another; after an append or sync that failed the file is not appended to
 * again.
 */
export interface LogFile {
  /** Writes some views behind one another at `at`. */
  write(views: readonly Uint8Array[], at: number): Promise<void>;
  sync(): Promise<void>;
  /** The same, while the thread waits; throws what the other rejects with. */
  writeNow(views: readonly Uint8Array[], at: number): void;
  /** Fills `into` from `at` on; fewer octets at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Cuts the file, or extends it by zeros. */
  truncate(octets: number): Promise<void>;
  close(): Promise<void>;
}

export interface LogDirectory {
  list(): Promise<{ readonly name: string; readonly octets: number }[]>;
  /** Makes a file that must not exist; for cached writes unless something else is said. */
  create(name: string, writing?: Writing): Promise<LogFile>;
  open(name: string, writing?: Writing): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  syncNames(): Promise<void>;
}
