/**
 * Where a worker has the keys of tokens from: fixed ones, or those that an issuer shows at a URL, which it changes from
 * time to time. What must hold: an issuer is asked by nobody's tokens more often than every few seconds, and when it
 * cannot be reached the keys that are known go on.
 */
import { fetchText } from './fetch-text.js';
import { KeysError, readSigningKeys, type SigningKey, suitableKeys } from './signing-keys.js';

export interface KeySource {
  /** The keys that may have signed a token with this algorithm and this `kid`. */
  find(algorithm: string, id: string | undefined): Promise<readonly SigningKey[]>;
}

/** What is found at the URL is asked for again after so long (ms): what the issuer has withdrawn counts no longer. */
const FRESH_MS = 600_000;
/** Tokens with unknown keys have it asked for again, at most so often (ms). */
const AGAIN_MS = 5_000;
/** After a fetch that failed (ms), as long as keys are known. */
const RETRY_MS = 30_000;

/** Keys that the operator has given. */
export function fixedKeys(text: string): KeySource {
  const keys = readSigningKeys(text);
  return { find: async (algorithm, id) => suitableKeys(keys, algorithm, id) };
}

export interface RemoteOptions {
  /** Whom the operator has named. */
  readonly from: string;
  /** Where the keys are. */
  url(): Promise<string>;
  readonly authority: string | null;
  /** A line for the operator. */
  report(line: string): void;
  now?(): number;
}

/** Keys at a URL. */
export class RemoteKeys implements KeySource {
  readonly #options: RemoteOptions;
  #keys: readonly SigningKey[] = [];
  /** When they are to be asked for again, and when they may be. */
  #freshUntil = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | null = null;
  #isFailing = false;

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  async find(algorithm: string, id: string | undefined): Promise<readonly SigningKey[]> {
    if (this.#now() >= this.#freshUntil) await this.#refresh();
    const found = suitableKeys(this.#keys, algorithm, id);
    if (found.length > 0) return found;
    await this.#refresh();
    return suitableKeys(this.#keys, algorithm, id);
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }

  /** Fetches them, unless that was done a moment ago. Whoever comes meanwhile waits for the same. */
  async #refresh(): Promise<void> {
    if (this.#underWay === null && this.#now() < this.#nextAt) return;
    this.#underWay ??= this.#fetch();
    await this.#underWay;
  }

  async #fetch(): Promise<void> {
    const { from, authority, report } = this.#options;
    try {
      this.#keys = readSigningKeys(await fetchText(await this.#options.url(), authority));
      this.#freshUntil = this.#now() + FRESH_MS;
      if (this.#isFailing) report(`the keys of tokens are to be had from ${from} again`);
      this.#isFailing = false;
    } catch (error) {
      if (this.#keys.length > 0) this.#freshUntil = this.#now() + RETRY_MS;
      if (!this.#isFailing) report(this.#failure(error));
      this.#isFailing = true;
    } finally {
      this.#nextAt = this.#now() + AGAIN_MS;
      this.#underWay = null;
    }
  }

  #failure(error: unknown): string {
    const known = this.#keys.length === 0 ? 'tokens are refused meanwhile' : 'those that are known go on';
    const message = error instanceof Error ? error.message : String(error);
    const reason = error instanceof KeysError ? `the answer ${message}` : message;
    return `the keys of tokens cannot be had from ${this.#options.from}: ${reason}; ${known}`;
  }
}
