/**
 * Where logins come from, as all workers of a broker see them together: from which addresses too many have failed of
 * late, and who has come in from where before. It lies in memory that they share, so that a flood finds the same limit
 * whichever workers it meets. What must hold: it does not grow; nobody outside can tell which addresses share a place.
 */
import { createHash, randomBytes } from 'node:crypto';
import { ATTEMPT_COUNTERS, LoginAttempts } from './login-attempts.js';
import { LoginRows, ROWS } from './login-rows.js';

/** So many logins may fail at once from an address, and then one in each so many ms. */
const FREE = 50;
const SPACING_MS = 100;
const AHEAD_MS = FREE * SPACING_MS;

const ADDRESSES = 1 << 16;
const FRIENDS = 1 << 16;
const KEY = 16;
/** Where each part begins (octets). */
const FRIENDS_AT = ADDRESSES * 8;
const ROWS_AT = FRIENDS_AT + FRIENDS * 4;
const KEY_AT = ROWS_AT + ROWS * 8;
const ATTEMPTS_AT = KEY_AT + KEY;

/** What all workers share. */
export function createLoginSources(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(ATTEMPTS_AT + ATTEMPT_COUNTERS * 8);
  new Uint8Array(shared, KEY_AT, KEY).set(randomBytes(KEY));
  return shared;
}

export class LoginSources {
  /** By address, when all that has failed there would be forgotten (ms since 1970). */
  readonly #until: BigInt64Array;
  /** By address and user, a part of their hash: they came in once. */
  readonly #friends: Int32Array;
  readonly #key: Uint8Array;
  /** By address and user. */
  readonly rows: LoginRows;
  readonly attempts: LoginAttempts;
  /** Milliseconds since 1970: a clock that all workers have. */
  readonly now: () => number;

  constructor(shared: SharedArrayBuffer = createLoginSources(), now: () => number = Date.now) {
    this.#until = new BigInt64Array(shared, 0, ADDRESSES);
    this.#friends = new Int32Array(shared, FRIENDS_AT, FRIENDS);
    this.#key = new Uint8Array(shared, KEY_AT, KEY).slice();
    this.rows = new LoginRows(new BigUint64Array(shared, ROWS_AT, ROWS), (text) => this.#hash(text));
    this.attempts = new LoginAttempts(new BigInt64Array(shared, ATTEMPTS_AT, ATTEMPT_COUNTERS));
    this.now = now;
  }

  /** Whether so many have failed from there that a login of somebody who was never let in from there is not heard. */
  refuses(address: string, name: string): boolean {
    const until = Number(Atomics.load(this.#until, this.#placeOf(address)));
    return until - this.now() > AHEAD_MS - SPACING_MS && !this.#knows(address, name);
  }

  failed(address: string): void {
    this.attempts.count(false);
    const place = this.#placeOf(address);
    const now = this.now();
    for (;;) {
      const before = Atomics.load(this.#until, place);
      const until = Math.min(Math.max(Number(before), now) + SPACING_MS, now + AHEAD_MS);
      const after = BigInt(Math.floor(until));
      if (after === before || Atomics.compareExchange(this.#until, place, before, after) === before) return;
    }
  }

  succeeded(address: string, name: string): void {
    this.attempts.count(true);
    const hash = this.#hash(JSON.stringify([networkOf(address), name]));
    Atomics.store(this.#friends, hash.readUInt16LE(0), hash.readInt32LE(4) | 1);
  }

  #knows(address: string, name: string): boolean {
    const hash = this.#hash(JSON.stringify([networkOf(address), name]));
    return Atomics.load(this.#friends, hash.readUInt16LE(0)) === (hash.readInt32LE(4) | 1);
  }

  #placeOf(address: string): number {
    return this.#hash(networkOf(address)).readUInt16LE(0);
  }

  #hash(text: string): Buffer {
    return createHash('sha256').update(this.#key).update(text).digest();
  }
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((group) => group !== '').length;
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail?.split(':') ?? [])].slice(0, 4).join(':');
}
