/**
 * Definitions of queues on the simulated files that the log lies on: one file, written anew for each change, that is
 * there as a whole or not at all. As in the broker's own store, an id is never given out twice, and a change is durable
 * when its promise resolves.
 */
import { PRIORITIES } from '../../../dist/store/recovery/ledger.js';
import type { LogDirectory } from '../../../src/store/log/log-directory.js';

export const DEFINITIONS = 'definitions';
const FRESH = 'definitions.new';

/** What is defined: queues by their names, with their numbers in the log. */
export interface Defined {
  readonly next: number;
  readonly queues: ReadonlyMap<string, number>;
}

const NOTHING: Defined = { next: PRIORITIES, queues: new Map() };

export async function readDefinitions(directory: LogDirectory): Promise<Defined> {
  const entry = (await directory.list()).find(({ name }) => name === DEFINITIONS);
  if (entry === undefined) return NOTHING;
  const bytes = new Uint8Array(entry.octets);
  const file = await directory.open(DEFINITIONS);
  await file.read(bytes, 0);
  await file.close();
  const { next, queues } = JSON.parse(Buffer.from(bytes).toString()) as { next: number; queues: [string, number][] };
  return { next, queues: new Map(queues) };
}

export class SimulatedDefinitions {
  #next: number;
  readonly #queues: Map<string, number>;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly directory: LogDirectory,
    { next, queues }: Defined,
  ) {
    this.#next = next;
    this.#queues = new Map(queues);
  }

  /** A number for a new queue, and its priorities; durable with the next change. */
  takeNumber(): number {
    const number = this.#next;
    this.#next += PRIORITIES;
    return number;
  }

  put(name: string, number: number): Promise<void> {
    this.#queues.set(name, number);
    return this.#write();
  }

  remove(name: string): Promise<void> {
    this.#queues.delete(name);
    return this.#write();
  }

  /** Tries until it succeeds: what could not be written stays owed. */
  #write(): Promise<void> {
    const text = JSON.stringify({ next: this.#next, queues: [...this.#queues] });
    this.#writing = this.#writing.then(async () => {
      while (!(await this.#tryToWrite(text))) await new Promise((resolve) => setImmediate(resolve));
    });
    return this.#writing;
  }

  async #tryToWrite(text: string): Promise<boolean> {
    const { directory } = this;
    try {
      const names = (await directory.list()).map(({ name }) => name);
      if (names.includes(FRESH)) await directory.remove(FRESH);
      const file = await directory.create(FRESH);
      await file.write([Buffer.from(text)], 0);
      await file.sync();
      await file.close();
      await directory.rename(FRESH, DEFINITIONS);
      await directory.syncNames();
      return true;
    } catch {
      return false;
    }
  }
}
