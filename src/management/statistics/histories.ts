/**
 * What counters and levels were, for a day, in bounded memory: each history has rings of slots, finer ones for what is
 * near. In a ring a slot stands for a period, so many samples long: of a counter it holds by how much that grew in the
 * period, of a level what it was at the period's end. Where nothing is sampled, a history costs nothing.
 *
 *   all of one length │ series 0: ring 0 │ ring 1 │ … │ series 1: ring 0 │ …      Float32 each
 *
 * What must hold: all histories are recorded with the same numbers of samples, which count on by one. They lie without
 * gaps: where one goes, the last takes its spot, and what is left over is given back. 32-bit floats are exact up to 16
 * million, and right to 7 digits above: sums are made of what a counter is now, less what it grew by.
 */

/** How many samples a period of a ring has, and how many periods the ring. */
export interface Ring {
  readonly every: number;
  readonly slots: number;
}

/** What a series was when so many samples had been taken. */
export interface Point {
  readonly sample: number;
  readonly value: number;
}

/** What a history goes by, wherever it lies. */
export type Place = number;

/** Histories that are laid out together. */
const CHUNK = 64;

export class Histories {
  readonly #rings: readonly Ring[];
  readonly #counters: number;
  readonly #levels: number;
  /** Numbers of one series, and of one history. */
  readonly #seriesLength: number;
  readonly #length: number;
  readonly #slots: Float32Array[] = [];
  /** What the counters were at the last sample, and behind them what the levels were. */
  readonly #last: Float64Array[] = [];
  /** Which history lies in each spot, and where each lies. */
  readonly #places: Place[] = [];
  readonly #spots = new Map<Place, number>();
  #lastPlace = 0;

  /** Of so many counters and so many levels. */
  constructor(rings: readonly Ring[], counters: number, levels: number) {
    this.#rings = rings;
    this.#counters = counters;
    this.#levels = levels;
    this.#seriesLength = rings.reduce((sum, { slots }) => sum + slots, 0);
    this.#length = this.#seriesLength * (counters + levels);
  }

  /** Octets that a history takes. */
  get octets(): number {
    return this.#length * 4 + this.#width * 8;
  }

  get #width(): number {
    return this.#counters + this.#levels;
  }

  /** Octets that all take, with the room for others that is left. */
  get octetsInAll(): number {
    return this.#slots.length * CHUNK * this.octets;
  }

  /** Begins a history of nothing so far. */
  open(): Place {
    this.#lastPlace += 1;
    const place = this.#lastPlace;
    this.#spots.set(place, this.#places.length);
    this.#places.push(place);
    if (this.#places.length > this.#slots.length * CHUNK) this.#grow();
    const at = this.#at(place);
    at.slots.fill(0);
    at.last.fill(0);
    return place;
  }

  close(place: Place): void {
    const closed = this.#at(place);
    const moved = this.#places.at(-1) ?? place;
    if (moved !== place) {
      const { slots, last } = this.#at(moved);
      closed.slots.set(slots);
      closed.last.set(last);
      const spot = this.#spots.get(place) ?? 0;
      this.#spots.set(moved, spot);
      this.#places[spot] = moved;
    }
    this.#spots.delete(place);
    this.#places.pop();
    // One chunk is kept, so that who comes and goes at its edge does not have it made each time.
    while ((this.#slots.length - 1) * CHUNK >= this.#places.length + CHUNK) {
      this.#slots.pop();
      this.#last.pop();
    }
  }

  /** Takes sample number `sample`: what all counters are, then all levels. Returns whether anything is new. */
  record(place: Place, sample: number, values: Float64Array): boolean {
    const { slots, last } = this.#at(place);
    let changed = false;
    for (let series = 0; series < this.#width; series++) {
      const value = values[series] ?? 0;
      const grown = value - (last[series] ?? 0);
      if (grown !== 0) changed = true;
      this.#enter(slots, series, sample, value, grown);
      last[series] = value;
    }
    return changed;
  }

  #enter(slots: Float32Array, series: number, sample: number, value: number, grown: number): void {
    let at = series * this.#seriesLength;
    for (const { every, slots: count } of this.#rings) {
      const slot = at + (Math.floor(sample / every) % count);
      if (series >= this.#counters) slots[slot] = value;
      else slots[slot] = (sample % every === 0 ? 0 : (slots[slot] ?? 0)) + grown;
      at += count;
    }
  }

  /** What a series was at the last sample. */
  lastOf(place: Place, series: number): number {
    return this.#at(place).last[series] ?? 0;
  }

  /** By how much a series had grown at the last sample, `sample`. */
  grownBy(place: Place, series: number, sample: number): number {
    const { slots } = this.#at(place);
    const count = this.#rings[0]?.slots ?? 0;
    const at = series * this.#seriesLength;
    const newest = slots[at + (sample % count)] ?? 0;
    return series < this.#counters ? newest : newest - (slots[at + ((sample + count - 1) % count)] ?? 0);
  }

  /** What a series was, from the last sample, `sample`, backwards, the finest that is known of each time. */
  points(place: Place, series: number, sample: number): Point[] {
    const { slots, last } = this.#at(place);
    const now = last[series] ?? 0;
    const points: Point[] = [{ sample, value: now }];
    let at = series * this.#seriesLength;
    for (const ring of this.#rings) {
      const ofRing = slots.subarray(at, at + ring.slots);
      const isLevel = series >= this.#counters;
      for (const point of isLevel ? levels(ring, ofRing, sample) : sums(ring, ofRing, sample, now)) {
        if (point.sample < (points.at(-1)?.sample ?? 0)) points.push(point);
      }
      at += ring.slots;
    }
    return points;
  }

  #at(place: Place): { readonly slots: Float32Array; readonly last: Float64Array } {
    const spot = this.#spots.get(place) ?? -1;
    const chunk = Math.floor(spot / CHUNK);
    const index = spot % CHUNK;
    const slots = this.#slots[chunk];
    const last = this.#last[chunk];
    if (slots === undefined || last === undefined) throw new Error(`no history at ${place}`);
    return {
      slots: slots.subarray(index * this.#length, (index + 1) * this.#length),
      last: last.subarray(index * this.#width, (index + 1) * this.#width),
    };
  }

  #grow(): void {
    this.#slots.push(new Float32Array(CHUNK * this.#length));
    this.#last.push(new Float64Array(CHUNK * this.#width));
  }
}

/** A counter at the ends of the periods before this one. */
function* sums({ every, slots: count }: Ring, slots: Float32Array, sample: number, now: number): Generator<Point> {
  const period = Math.floor(sample / every);
  let value = now;
  for (let back = 0; back < count && back <= period; back++) {
    value -= slots[(period - back) % count] ?? 0;
    yield { sample: (period - back) * every - 1, value };
  }
}

/** A level at the ends of the periods before this one; before the first of all it was nothing. */
function* levels({ every, slots: count }: Ring, slots: Float32Array, sample: number): Generator<Point> {
  const period = Math.floor(sample / every);
  for (let back = 1; back < count && back <= period; back++)
    yield { sample: (period - back + 1) * every - 1, value: slots[(period - back) % count] ?? 0 };
  if (period < count) yield { sample: -1, value: 0 };
}
