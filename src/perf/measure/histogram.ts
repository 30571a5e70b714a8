/**
 * Latencies as counts by size, as HdrHistogram keeps them: buckets that are the wider the longer a latency is, so that
 * memory is bounded and each value is known to within one per cent. Whoever counts and whoever reads may be two threads:
 * a reader may miss what was counted just now, and nothing else.
 *
 * Values are whole microseconds. Below 256 each has a bucket of its own; above, each doubling is cut into 128.
 */

const SUB_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BITS;
const EXACT = 2 * SUB_BUCKETS;
/** Beyond: over an hour, which is taken for what no clock of ours has written. */
export const LATENCY_MAX_US = 2 ** 32 - 1;
export const BUCKETS = (32 - SUB_BITS) * SUB_BUCKETS + SUB_BUCKETS;

/** Counts one value from 0 to `LATENCY_MAX_US`. `counts` has `BUCKETS` of them from `at`. */
export function count(counts: Uint32Array, at: number, microseconds: number): void {
  const index = at + bucketOf(microseconds >>> 0);
  counts[index] = (counts[index] ?? 0) + 1;
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return shift * SUB_BUCKETS + (value >>> shift);
}

/** The largest value that a bucket stands for. */
function highestOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS + 1) * 2 ** shift - 1;
}

/** What is told of many latencies (µs). */
export interface Latencies {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Counts of one or of several histograms. */
export class Tally {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  /** Adds the counts that `now` has more than `before`, which is brought up to date. They wrap at 2^32. */
  addSince(now: Uint32Array, before: Uint32Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const value = now[bucket] ?? 0;
      this.#add(bucket, (value - (before[bucket] ?? 0)) >>> 0);
      before[bucket] = value;
    }
  }

  add(other: Tally): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#add(bucket, other.#counts[bucket] ?? 0);
  }

  #add(bucket: number, more: number): void {
    if (more === 0) return;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + more;
    this.#total += more;
  }

  /** Null: nothing was counted. */
  get latencies(): Latencies | null {
    if (this.#total === 0) return null;
    return {
      count: this.#total,
      min: this.quantile(0),
      mean: this.#mean,
      median: this.quantile(0.5),
      p75: this.quantile(0.75),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.quantile(1),
    };
  }

  /** The value that a share of all are not above. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      sum += this.#counts[bucket] ?? 0;
      if (sum >= wanted) return highestOf(bucket);
    }
    return 0;
  }

  get #mean(): number {
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) sum += (this.#counts[bucket] ?? 0) * highestOf(bucket);
    return Math.round(sum / this.#total);
  }
}
