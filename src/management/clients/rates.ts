/**
 * What grows by how much a second, of each connection and channel, between two samples that lie some seconds apart. What
 * must hold: nothing is kept of what is gone.
 */

/** How far samples lie apart at least (ms): RabbitMQ's interval. */
export const SAMPLE_MS = 5_000;
/** A timer may be early. */
const TOLERANCE_MS = 100;

interface Sample {
  readonly at: number;
  readonly counts: readonly number[];
  readonly rates: readonly number[];
}

/** By a key for each connection or channel. */
export class Rates<Key> {
  readonly #samples = new Map<Key, Sample>();

  /** As last sampled, in the order of the counts; empty: not yet. */
  of(key: Key): readonly number[] {
    return this.#samples.get(key)?.rates ?? [];
  }

  /** Samples, if it is time to (`now` in ms). */
  sample(key: Key, counts: readonly number[], now: number): readonly number[] {
    const last = this.#samples.get(key);
    if (last !== undefined && now - last.at < SAMPLE_MS - TOLERANCE_MS) return last.rates;
    const rates = last === undefined ? [] : between(last, counts, now - last.at);
    this.#samples.set(key, { counts, at: now, rates });
    return rates;
  }

  keepOnly(keys: ReadonlySet<Key>): void {
    for (const key of this.#samples.keys()) if (!keys.has(key)) this.#samples.delete(key);
  }
}

function between({ counts: before }: Sample, counts: readonly number[], ms: number): number[] {
  return counts.map((count, index) => Math.round(((count - (before[index] ?? 0)) * 10_000) / ms) / 10);
}
