/**
 * All definitions at once: what there is, as a file that RabbitMQ would import, and what a file says, added to what
 * there is. What must hold: a file that is wrong, or does not fit, changes nothing.
 */

import type { PasswordHash } from '../access/passwords.js';
import type { DefinitionsFile, UserEntry } from '../definitions-file/entries.js';
import { definitionsText } from '../definitions-file/export.js';
import { DefinitionsError } from '../definitions-file/fields.js';
import { checkFits } from '../definitions-file/fits.js';
import { Notes } from '../definitions-file/notes.js';
import { type Present, presentIn } from '../definitions-file/present.js';
import { readDefinitions } from '../definitions-file/read-file.js';
import type { GlobalParameters } from '../policies/global-parameters.js';
import type { Limits } from '../policies/limits.js';
import type { Policies } from '../policies/policies.js';
import { DEFAULT_VHOST } from '../requests/names.js';
import type { TopologyView } from '../topology/topology-view.js';
import { importSteps, type Target } from './definitions-import.js';
import type { Steps } from './portions.js';

/** What came of an import. */
export type ImportOutcome =
  /** `notes`: what of the file was left out, or left as it is, and why. */
  | { readonly ok: true; readonly imported: string; readonly notes: readonly string[] }
  /** Nothing was changed, unless memory has run out amidst. */
  | { readonly ok: false; readonly reason: string };

interface Parts {
  readonly view: TopologyView;
  readonly policies: Policies;
  readonly limits: Limits;
  readonly globalParameters: GlobalParameters;
}

interface Outside extends Target {
  /** Does it in portions; resolves when all of it is done and durable. */
  run(steps: Steps): Promise<void>;
  /** The same work, later, on behalf of whoever acts now. */
  onBehalf<A extends readonly unknown[], R>(work: (...args: A) => R): (...args: A) => R;
}

export class DefinitionsAdministration {
  readonly #parts: Parts;
  readonly #outside: Outside;

  constructor(parts: Parts, outside: Outside) {
    this.#parts = parts;
    this.#outside = outside;
  }

  /** All of it as JSON, or what is declared in one vhost; null: there is no such vhost. */
  async export(vhost?: string): Promise<string | null> {
    if (vhost !== undefined && !this.#parts.view.hasVhost(vhost)) return null;
    let text = '';
    const parts = definitionsText(this.#parts, vhost ?? null);
    await this.#outside.run(
      (function* () {
        for (const part of parts) {
          text += part;
          yield;
        }
      })(),
    );
    return text;
  }

  /**
   * Imports a file, as JSON. With a vhost, what it declares comes there, whatever it says; without one, entries that
   * name none come into `/`.
   */
  async import(text: string, vhost?: string): Promise<ImportOutcome> {
    try {
      const scope = vhost === undefined ? { unnamed: DEFAULT_VHOST } : { all: vhost };
      return await this.importFile(readDefinitions(text, scope));
    } catch (error) {
      if (error instanceof DefinitionsError) return { ok: false, reason: error.message };
      throw error;
    }
  }

  /** The same with a file that has been read. */
  async importFile(given: DefinitionsFile): Promise<ImportOutcome> {
    const run = this.#outside.onBehalf((steps: Steps) => this.#outside.run(steps));
    let file = given;
    try {
      checkFits(file, this.present());
      file = await this.#withHashes(file);
      // Much may have changed meanwhile.
      if (file !== given) checkFits(file, this.present());
    } catch (error) {
      if (error instanceof DefinitionsError) return { ok: false, reason: error.message };
      throw error;
    }
    const notes = new Notes();
    const failures: string[] = [];
    await run(importSteps(file, this.#outside, notes, failures));
    const [first] = failures;
    if (first !== undefined) return { ok: false, reason: `${first} (of ${failures.length} that could not be)` };
    if (this.#parts.view.accounts.users().length === 0) notes.add('warnings', 'there are no users: nobody can log in');
    return { ok: true, imported: inWords(file), notes: [...file.notes, ...notes.lines] };
  }

  /**
   * The file with hashes in place of passwords that take long to hash: one after the other, so that those who log in
   * meanwhile find threads that can check theirs.
   */
  async #withHashes(file: DefinitionsFile): Promise<DefinitionsFile> {
    const { users } = this.#outside.administration;
    const hashed = new Map<UserEntry, PasswordHash>();
    for (const user of file.users) {
      const hash = typeof user.password === 'string' ? await users.slowHash(user.password) : null;
      if (hash !== null) hashed.set(user, hash);
    }
    if (hashed.size === 0) return file;
    return { ...file, users: file.users.map((user) => ({ ...user, password: hashed.get(user) ?? user.password })) };
  }

  /** What a file can speak of. */
  present(): Present {
    return presentIn(this.#parts.view, this.#parts.limits);
  }
}

function inWords(file: DefinitionsFile): string {
  const counts = [
    [file.vhosts.length, 'vhost'],
    [file.users.length, 'user'],
    [file.exchanges.length, 'exchange'],
    [file.policies.length, 'policy'],
    [file.queues.length, 'queue'],
    [file.bindings.length, 'binding'],
  ] as const;
  return counts.map(([count, noun]) => `${count} ${count === 1 ? noun : plural(noun)}`).join(', ');
}

function plural(noun: string): string {
  return noun === 'policy' ? 'policies' : `${noun}s`;
}
