/**
 * What a browser keeps for the broker, and can neither read nor change. So nothing is kept here for who has not come in
 * yet. What must hold: it counts for so long, and until the broker ends.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV = 12;
const TAG = 16;

export class Sealed<T> {
  readonly #key = randomBytes(32);
  readonly #forMs: number;
  readonly #now: () => number;

  constructor(forMs: number, now: () => number = () => performance.now()) {
    this.#forMs = forMs;
    this.#now = now;
  }

  seal(value: T): string {
    const iv = randomBytes(IV);
    const cipher = createCipheriv(CIPHER, this.#key, iv);
    const text = JSON.stringify({ value, until: this.#now() + this.#forMs });
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Null: it is not ours, or counts no longer. */
  open(text: string): T | null {
    const octets = Buffer.from(text, 'base64url');
    if (octets.length <= IV + TAG) return null;
    const decipher = createDecipheriv(CIPHER, this.#key, octets.subarray(0, IV));
    decipher.setAuthTag(octets.subarray(IV, IV + TAG));
    try {
      const opened = Buffer.concat([decipher.update(octets.subarray(IV + TAG)), decipher.final()]);
      const { value, until } = JSON.parse(opened.toString()) as { readonly value: T; readonly until: number };
      return this.#now() < until ? value : null;
    } catch {
      return null;
    }
  }
}
