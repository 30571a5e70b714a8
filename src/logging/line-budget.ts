/**
 * Lines that clients cause as often as they like, bounded by rate: so many from each source at once and then so many a
 * second, and a larger number of all sources. What must hold: one source cannot fill the log, nor take the lines of
 * another; what was left out is counted, and the count is told; what is remembered is bounded.
 */

/** How many lines at once, and how many a second after that. */
export interface Rate {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** Of all sources together so many times the rate of one. */
const ALL = 2;
/** Sources that are remembered; the one that spoke longest ago is forgotten first. */
const REMEMBERED = 1024;
/** The count of what was left out is told so much later (ms). */
const TELL_MS = 10_000;

interface Bucket {
  left: number;
  at: number;
}

export class LineBudget {
  readonly #rate: Rate;
  readonly #tell: (leftOut: number) => void;
  readonly #now: () => number;
  readonly #sources = new Map<string, Bucket>();
  readonly #all: Bucket;
  #leftOut = 0;
  /** The count will be told. */
  #isDue = false;

  /** `tell` hears now and again how many lines were left out since it heard last. */
  constructor(rate: Rate, tell: (leftOut: number) => void, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#tell = tell;
    this.#now = now;
    this.#all = { left: ALL * rate.atOnce, at: now() };
  }

  /** Whether a line may be told that a source has caused. */
  take(source: string): boolean {
    const now = this.#now();
    const bucket = this.#bucket(source, now);
    refill(bucket, now, this.#rate, 1);
    refill(this.#all, now, this.#rate, ALL);
    if (bucket.left >= 1 && this.#all.left >= 1) {
      bucket.left -= 1;
      this.#all.left -= 1;
      return true;
    }
    this.#leftOut += 1;
    if (!this.#isDue) setTimeout(() => this.#tellLeftOut(), TELL_MS).unref();
    this.#isDue = true;
    return false;
  }

  #bucket(source: string, now: number): Bucket {
    const bucket = this.#sources.get(source) ?? { left: this.#rate.atOnce, at: now };
    this.#sources.delete(source);
    for (const oldest of this.#sources.keys()) {
      if (this.#sources.size < REMEMBERED) break;
      this.#sources.delete(oldest);
    }
    this.#sources.set(source, bucket);
    return bucket;
  }

  #tellLeftOut(): void {
    this.#isDue = false;
    this.#tell(this.#leftOut);
    this.#leftOut = 0;
  }
}

function refill(bucket: Bucket, now: number, { atOnce, perSecond }: Rate, times: number): void {
  bucket.left = Math.min(times * atOnce, bucket.left + (times * perSecond * (now - bucket.at)) / 1000);
  bucket.at = now;
}
