/**
 * What a source gives out again after something was cut off: which of it is at the target already. The source marks what it
 * has given out before; the journal knows what was taken, and in which order. Pure. What must hold: a message is left out
 * only if it is certain that the target has it, so nothing is lost; where that cannot be told, it goes to the target with a
 * mark, so no duplicate is silent.
 *
 * Certain are: what was written down and not acknowledged, for the source must give it out again, in its order; and what
 * was acknowledged and comes again in the same order before that, or as part of a long row that is the same in all octets.
 */
import type { Taken } from './journal.js';

export type Verdict =
  | { readonly kind: 'new' }
  /** It was taken before, and is at the target for certain. */
  | { readonly kind: 'there'; readonly taken: Taken }
  /** It was taken before; whether the target has it, the target knows by its id. */
  | { readonly kind: 'again'; readonly taken: Taken }
  /** It may be at the target, and nobody knows. */
  | { readonly kind: 'doubtful' };

const NEW: Verdict = { kind: 'new' };
const DOUBTFUL: Verdict = { kind: 'doubtful' };
/** Messages in a row that no other messages are equal to by chance. */
const EVIDENCE = 16;
/** How many messages are looked at together. */
export const ROW_MAX = 64;

export class Doubts {
  readonly #taken: readonly Taken[];
  /** The first that is not known to be there; all before it is. */
  readonly #firstOpen: number;
  readonly #places = new Map<string, number[]>();
  /** Places of those that are not known to be there and have not come again, by digest. */
  readonly #open = new Map<string, number[]>();
  /** Where the row goes on that the source repeats; null: it cannot be told. */
  #next: number | null = null;
  #isBegun = false;

  constructor(taken: readonly Taken[]) {
    this.#taken = taken;
    const firstOpen = taken.findIndex(({ isThere }) => !isThere);
    this.#firstOpen = firstOpen === -1 ? taken.length : firstOpen;
    for (const [place, { digest, isThere }] of taken.entries()) {
      add(this.#places, digest, place);
      if (!isThere) add(this.#open, digest, place);
    }
  }

  /** Whether anything was taken before. */
  get isEmpty(): boolean {
    return this.#taken.length === 0;
  }

  /** Whether the first row of what comes again has been looked at. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** The first messages that come again, `ROW_MAX` of them unless there are fewer. */
  begin(row: readonly string[]): Verdict[] {
    this.#isBegun = true;
    this.#next = this.#placeOf(row);
    return row.map((digest) => this.next(digest));
  }

  /** A message that the source has given out before. */
  next(digest: string): Verdict {
    const place = this.#next;
    const taken = place === null ? undefined : this.#taken[place];
    if (place !== null && taken?.digest === digest) {
      this.#next = place + 1;
      this.#close(digest, place);
      return taken.isThere ? { kind: 'there', taken } : { kind: 'again', taken };
    }
    // Somebody else has taken some, or they have expired, or what follows was never taken.
    if (place !== null && place < this.#taken.length) this.#next = null;
    return this.#alone(digest);
  }

  /** Of those that are equal to it, one that must come again; whichever, they are the same in all octets. */
  #alone(digest: string): Verdict {
    const place = this.#open.get(digest)?.[0];
    const taken = place === undefined ? undefined : this.#taken[place];
    if (place !== undefined && taken !== undefined) {
      this.#close(digest, place);
      return { kind: 'again', taken };
    }
    return this.#places.has(digest) ? DOUBTFUL : NEW;
  }

  #close(digest: string, place: number): void {
    const open = this.#open.get(digest);
    const at = open?.indexOf(place) ?? -1;
    if (at !== -1) open?.splice(at, 1);
  }

  /** Where a row stands in what was taken; null: nowhere, or in several places, or it proves nothing. */
  #placeOf(row: readonly string[]): number | null {
    const [first] = row;
    if (first === undefined) return null;
    // Nothing that is not known to be there can have been passed over.
    const places = (this.#places.get(first) ?? []).filter(
      (place) => place <= this.#firstOpen && this.#fits(row, place),
    );
    const [place] = places;
    if (place === undefined || places.length > 1) return null;
    const matched = Math.min(row.length, this.#taken.length - place);
    const reachesOpen = this.#firstOpen < this.#taken.length && place + matched > this.#firstOpen;
    return reachesOpen || new Set(row.slice(0, matched)).size >= EVIDENCE ? place : null;
  }

  #fits(row: readonly string[], place: number): boolean {
    return row.every((digest, index) => {
      const taken = this.#taken[place + index];
      return taken === undefined || taken.digest === digest;
    });
  }
}

function add(places: Map<string, number[]>, digest: string, place: number): void {
  const there = places.get(digest);
  if (there === undefined) places.set(digest, [place]);
  else there.push(place);
}
