/**
 * Keeps the store up with what has been decided. One write is under way at a time; what is decided meanwhile shares the
 * next one. What cannot be written stays owed and goes with the next write, so that the store never holds a part of it.
 * What must hold: what is said to be saved is durable; what follows from it follows only then, before anybody is told.
 */
import { fatal, isMistake } from '../../platform/fatal.js';
import { type DefinitionChange, storedKey } from '../../store/definitions.js';
import type { DefinitionStore } from './definition-store.js';

/** Some changes on their way to the store. */
interface Portion {
  /** By what they change: of two the later counts. */
  readonly changes: Map<string, DefinitionChange>;
  /** The keys of what they are about: as whoever asks for it would name it. */
  readonly definitionKeys: Set<string>;
  /** What follows once they are durable. */
  readonly afterwards: (() => void)[];
}

export class DefinitionWriter {
  readonly #store: Pick<DefinitionStore, 'change'>;
  readonly #onFailure: (error: unknown) => void;
  #owed = newPortion();
  #writing: { readonly portion: Portion; readonly saved: Promise<void> } | null = null;
  /** The write that takes what is owed; null: none is to come. */
  #next: Promise<void> | null = null;
  /** Settles with the last write that was begun or is to come. */
  #last: Promise<unknown> = Promise.resolve();
  #noted = 0;

  constructor(store: Pick<DefinitionStore, 'change'>, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** How often something was noted. */
  get noted(): number {
    return this.#noted;
  }

  /** Takes changes for the next write. What is noted before the caller waits for anything is written together. */
  note(changes: readonly DefinitionChange[], definitionKeys: readonly string[], afterwards?: () => void): void {
    if (changes.length === 0) return;
    this.#noted += 1;
    for (const change of changes) this.#owed.changes.set(storedKey(change), change);
    for (const key of definitionKeys) this.#owed.definitionKeys.add(key);
    if (afterwards !== undefined) this.#owed.afterwards.push(afterwards);
    this.#begin();
  }

  /** Resolves when all that has been noted is durable; rejects when it cannot be written now. */
  saved(): Promise<void> {
    if (this.#owed.changes.size > 0) return this.#begin();
    return this.#writing?.saved ?? Promise.resolve();
  }

  /** The same for what was noted about what has these keys; null: that is durable. */
  savedAbout(definitionKeys: readonly string[]): Promise<void> | null {
    if (isAbout(this.#owed, definitionKeys)) return this.#begin();
    if (this.#writing !== null && isAbout(this.#writing.portion, definitionKeys)) return this.#writing.saved;
    return null;
  }

  #begin(): Promise<void> {
    if (this.#next !== null) return this.#next;
    const saved: Promise<void> = this.#last.then(() => this.#write(saved));
    this.#next = saved;
    // Who waits is told of a failure; when nobody does it has been reported.
    this.#last = saved.catch(() => {});
    return saved;
  }

  async #write(saved: Promise<void>): Promise<void> {
    const portion = this.#owed;
    this.#owed = newPortion();
    this.#next = null;
    this.#writing = { portion, saved };
    try {
      await this.#store.change([...portion.changes.values()]);
    } catch (error) {
      if (isMistake(error)) fatal(error);
      this.#owed = together(portion, this.#owed);
      this.#onFailure(error);
      throw error;
    } finally {
      this.#writing = null;
    }
    try {
      for (const follow of portion.afterwards) follow();
    } catch (error) {
      // It would look like a write that has failed.
      fatal(error);
    }
  }
}

function newPortion(): Portion {
  return { changes: new Map(), definitionKeys: new Set(), afterwards: [] };
}

function together(first: Portion, then: Portion): Portion {
  return {
    changes: new Map([...first.changes, ...then.changes]),
    definitionKeys: new Set([...first.definitionKeys, ...then.definitionKeys]),
    afterwards: [...first.afterwards, ...then.afterwards],
  };
}

function isAbout(portion: Portion, definitionKeys: readonly string[]): boolean {
  return definitionKeys.some((key) => portion.definitionKeys.has(key));
}
