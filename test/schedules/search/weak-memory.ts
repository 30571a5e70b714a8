/**
 * What weaker memory than a sequentially consistent one may show: WebAssembly's, as far as processors like ARM's do.
 *
 * Atomic accesses are sequentially consistent there, and order the plain ones of their participant: an atomic write
 * comes after all that stands before it (a release), an atomic read before all that stands behind it (an acquire).
 * Between these plain accesses come in any order. So a plain store may be late: others see it at the latest with the
 * next release of its participant, and late stores to several words are seen in any order. And a plain load may be
 * early: it reads what was there before, unless its participant knows, by what it has acquired, that this was
 * overwritten. And it may be late: it reads what others write after atomic loads and plain accesses behind it, before
 * its participant's next release. Who plays cannot know that value; so one is taken that was written in another run,
 * and at the next release its participant waits until it is written. If nobody does that, there is no such run.
 *
 * An operation that reads and writes at once may be two halves, between which others do something, but not to its word:
 * what comes behind it may be between the two.
 *
 * Words alone whose plain accesses are not ordered (a race) can show any of it.
 *
 * Memory holds what all see. A participant's own late stores are laid over it while the participant runs.
 */
import { Kind } from './rewriting.js';
import type { Coming } from './strategies.js';
import type { Words } from './words.js';

/** A plain store that others do not see yet, word by word: what it wrote and where. */
interface Late {
  readonly participant: number;
  readonly address: number;
  readonly length: number;
  readonly site: number;
  readonly clock: number;
  readonly words: LateWord[];
}

interface LateWord {
  readonly word: number;
  /** The bits that are written. */
  readonly mask: number;
  value: number;
  /** What was there before, as all see it. */
  under: number;
}

/** What a word held, from when on, and who wrote it. */
interface Version {
  readonly value: number;
  /** −1: it was there at the beginning. */
  readonly writer: number;
  readonly clock: number;
  /** When all could see it, as the number of the write. */
  readonly moment: number;
}

/** What can be made of an access besides what happens in any case. */
export type Option =
  /** Another one's late store is seen before it. */
  | { readonly how: 'seen'; readonly late: Late }
  /** The load reads what a word held before. */
  | { readonly how: 'old'; readonly word: number; readonly value: number; readonly back: number }
  /** The load is late: it reads what will be written before its participant's next release, or the run is none. */
  | { readonly how: 'coming'; readonly word: number; readonly value: number; readonly coming: Coming }
  /** The store is late. */
  | { readonly how: 'late' };

/** A late load, until somebody has written what it has read. */
interface Owed extends Coming {
  readonly participant: number;
}

interface Old {
  readonly word: number;
  readonly value: number;
  now: number;
}

/** So many versions of a word can be read, at most. */
const VERSIONS_MOST = 6;

const maskOf = (word: number, address: number, length: number): number => {
  let mask = 0;
  for (let i = 0; i < 4; i++) if (word * 4 + i >= address && word * 4 + i < address + length) mask |= 0xff << (8 * i);
  return mask;
};
const merged = (under: number, over: number, mask: number): number => (under & ~mask) | (over & mask);

export class WeakMemory {
  readonly #late: Late[][];
  readonly #versions = new Map<number, Version[]>();
  /** What of memory was seen when a participant acquired last. */
  readonly #acquired: number[];
  /** The same of its last atomic access: no later one begins before. */
  readonly #ordered: number[];
  /** When a word was last written by an atomic access. */
  readonly #atomic = new Map<number, number>();
  readonly #owed: Owed[] = [];
  #moment = 0;
  /** Whose late stores are laid over memory; −1: nobody's. */
  #running = -1;
  /** Words that show an old value while one load happens. */
  #old: Old[] = [];
  #oldSite = 0;
  #oldOf = -1;
  /** The write that is happening: what it leaves is seen when the next thing happens. */
  #writing: { participant: number; address: number; length: number; clock: number; late: Late | null } | null = null;
  /** The late store whose worth is asked for (`watch`), and whether another one has touched what it wrote. */
  #watched: Late | null = null;
  #met = false;

  /** `onVain`: nobody has touched what was watched, and all see it now. */
  constructor(
    readonly memory: Int32Array,
    readonly words: Words,
    readonly onVain: () => void,
  ) {
    this.#late = Array.from({ length: words.participants }, () => []);
    this.#acquired = new Array<number>(words.participants).fill(0);
    this.#ordered = new Array<number>(words.participants).fill(0);
  }

  // ── Whose view memory shows ──────────────────────────────────────────────────────────────────────────────────

  /** A participant runs from now on. */
  enter(participant: number): void {
    this.#running = participant;
    for (const late of this.#late[participant] as Late[]) this.#lay(late);
    if (this.#oldOf === participant) for (const old of this.#old) this.#show(old);
  }

  /** Nobody does. */
  leave(): void {
    this.#written();
    this.#hide();
    this.#lift();
    this.#running = -1;
  }

  #lay(late: Late): void {
    for (const one of late.words) {
      one.under = this.memory[one.word] as number;
      this.memory[one.word] = merged(one.under, one.value, one.mask);
    }
  }

  #lift(): void {
    if (this.#running < 0) return;
    const stores = this.#late[this.#running] as Late[];
    for (let i = stores.length - 1; i >= 0; i--) {
      for (const { word, mask, under } of (stores[i] as Late).words)
        this.memory[word] = merged(this.memory[word] as number, under, mask);
    }
  }

  #hide(): void {
    if (this.#oldOf === this.#running) for (const { word, now } of this.#old) this.memory[word] = now;
  }

  #show(old: Old): void {
    old.now = this.memory[old.word] as number;
    this.memory[old.word] = old.value;
  }

  // ── What can be made of an access ────────────────────────────────────────────────────────────────────────────

  /**
   * Of an access to words of which one is racy. The order is the same in each run, but for what is coming, which is
   * last. `alone`: nobody else writes any more.
   */
  options(participant: number, address: number, length: number, kind: number, alone: boolean): Option[] {
    const options: Option[] = [];
    for (const [other, stores] of this.#late.entries()) {
      if (other === participant) continue;
      const late = stores.find((one) => touches(one, address, length));
      if (late === undefined) continue;
      if (late === this.#watched) this.#met = true;
      options.push({ how: 'seen', late });
    }
    if (kind === Kind.STORE) options.push({ how: 'late' });
    if (kind === Kind.LOAD) {
      for (const word of wordsOf(address, length)) this.#readable(participant, word, options);
      if (!alone) for (const word of wordsOf(address, length)) this.#comingTo(participant, word, options);
    }
    return options;
  }

  /** Values that others write to a word, as is known from other runs. */
  #comingTo(participant: number, word: number, options: Option[]): void {
    if (!this.words.isRacy(word) || this.#hasLate(participant, word)) return;
    const values = new Set([this.memory[word]]);
    for (const { value, writer } of this.words.written(word)) {
      if (writer === participant || values.has(value)) continue;
      values.add(value);
      options.push({ how: 'coming', word, value, coming: { word, value } });
    }
  }

  /** Values that a word had and that can still be read. */
  #readable(participant: number, word: number, options: Option[]): void {
    const versions = this.#versions.get(word);
    if (versions === undefined || this.#hasLate(participant, word)) return;
    const values = new Set([this.memory[word]]);
    for (let i = versions.length - 1; i > 0; i--) {
      if (this.#isKnown(participant, versions[i] as Version)) return;
      const { value } = versions[i - 1] as Version;
      if (values.has(value)) continue;
      values.add(value);
      options.push({ how: 'old', word, value, back: versions.length - i });
    }
  }

  /** Whether all that a participant does next comes after that. */
  #isKnown(participant: number, { writer, clock, moment }: Version): boolean {
    if (writer < 0 || writer === participant || moment <= (this.#acquired[participant] as number)) return true;
    return this.words.knows(participant, writer, clock);
  }

  #hasLate(participant: number, word: number): boolean {
    return (this.#late[participant] as Late[]).some(({ words }) => words.some((one) => one.word === word));
  }

  // ── What happens ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A load of the one that runs reads an old value. Lines that are copied are read one after the other. */
  readOld(word: number, value: number, site: number): void {
    const old = { word, value, now: 0 };
    this.#show(old);
    this.#old.push(old);
    this.#oldSite = site;
    this.#oldOf = this.#running;
  }

  /** The same with a value that is to be written before the participant's next release. */
  readComing(word: number, value: number, site: number): void {
    this.readOld(word, value, site);
    this.#owed.push({ participant: this.#running, word, value });
  }

  /** Whether an access has to wait until late loads before it have happened. */
  isOwed(participant: number, address = 0, length = 0, kind: number = Kind.ATOMIC_STORE): boolean {
    if (this.#owed.length === 0) return false;
    return this.#owed.some(
      (one) =>
        one.participant === participant &&
        // Accesses to one word happen in their order.
        (isRelease(kind) || (one.word >= address >>> 2 && one.word <= (address + length - 1) >>> 2)),
    );
  }

  /** A write of the one that runs to words of which one is racy is about to happen. */
  write(participant: number, address: number, length: number, site: number, how: 'now' | 'late' | 'watched'): void {
    const clock = this.words.clockOf(participant);
    this.#writing = { participant, address, length, clock, late: null };
    if (how !== 'now') {
      const words = wordsOf(address, length).map((word) => {
        return { word, mask: maskOf(word, address, length), value: 0, under: this.memory[word] as number };
      });
      this.#writing.late = { participant, address, length, site, clock, words };
      if (how === 'watched') this.#watched = this.#writing.late;
      return;
    }
    // What one participant writes to one word is seen in its order.
    this.#seeAll(participant, (late) => touches(late, address, length));
    for (const word of wordsOf(address, length)) this.#versionsOf(word);
  }

  /** The versions of a word, of which the first is what all see now. */
  #versionsOf(word: number, value = this.memory[word] as number): Version[] {
    const known = this.#versions.get(word);
    if (known !== undefined) return known;
    const versions = [{ value, writer: -1, clock: 0, moment: 0 }];
    this.#versions.set(word, versions);
    return versions;
  }

  /** An atomic load, an acquire: what all see now is not overtaken by what the participant reads next. */
  acquire(participant: number): void {
    this.#acquired[participant] = this.#moment;
    this.#ordered[participant] = this.#moment;
  }

  /**
   * An operation that reads and writes at once is an acquire, too, but of its reading half, which may have been some
   * time ago: others may have done something since, though not to its word.
   */
  acquireEarly(participant: number, address: number): void {
    const ordered = this.#ordered[participant] as number;
    this.#acquired[participant] = Math.max(ordered, this.#atomic.get(address >>> 2) ?? 0);
    this.#ordered[participant] = this.#moment;
  }

  /** An atomic write, a release: all that a participant wrote before is seen. */
  release(participant: number): void {
    this.#seeAll(participant, () => true);
  }

  /** An atomic write to a word happens now. */
  writeAtomic(participant: number, address: number, length: number): void {
    for (const word of wordsOf(address, length)) this.#atomic.set(word, this.#moment);
    this.#ordered[participant] = this.#moment;
  }

  releaseAll(): void {
    for (let i = 0; i < this.#late.length; i++) this.release(i);
  }

  #seeAll(participant: number, which: (late: Late) => boolean): void {
    for (const late of (this.#late[participant] as Late[]).filter(which)) this.see(late);
  }

  /** All see a late store from now on, and those to the same words that its participant made before it. */
  see(late: Late): void {
    const stores = this.#late[late.participant] as Late[];
    const at = stores.indexOf(late);
    if (at < 0) return;
    for (const earlier of stores.slice(0, at)) if (touches(earlier, late.address, late.length)) this.see(earlier);
    stores.splice(stores.indexOf(late), 1);
    if (late === this.#watched && !this.#met) this.onVain();
    if (this.#running === late.participant) this.#seenOfOwn(late, stores);
    else this.#seenOfOther(late);
    this.words.happens(late.participant, late.address, late.length, Kind.STORE, late.site);
  }

  #seenOfOther({ participant, clock, words }: Late): void {
    const running = this.#running;
    this.#hide();
    this.#lift();
    for (const { word, mask, value } of words) {
      const versions = this.#versionsOf(word);
      const now = merged(this.memory[word] as number, value, mask);
      this.memory[word] = now;
      this.#push(word, versions, now, participant, clock);
    }
    if (running >= 0) this.enter(running);
  }

  /** Memory shows it already. Later ones of the same words lie over what is seen now. */
  #seenOfOwn({ participant, clock, words }: Late, stores: readonly Late[]): void {
    for (const { word, mask, value, under } of words) {
      const versions = this.#versionsOf(word, under);
      const now = merged(under, value, mask);
      const next = stores.flatMap((late) => late.words).find((one) => one.word === word);
      if (next !== undefined) next.under = now;
      this.#push(word, versions, now, participant, clock);
    }
  }

  #push(word: number, versions: Version[], value: number, writer: number, clock: number): void {
    this.#moment += 1;
    this.words.noteWritten(word, value, writer);
    for (let i = this.#owed.length - 1; i >= 0; i--) {
      const owed = this.#owed[i] as Owed;
      if (owed.word === word && owed.value === value && owed.participant !== writer) this.#owed.splice(i, 1);
    }
    versions.push({ value, writer, clock, moment: this.#moment });
    if (versions.length > VERSIONS_MOST) versions.shift();
  }

  /** What was happening has happened: its participant is about to do something else, or the copy to go on. */
  settle(site: number): void {
    this.#written();
    if (this.#oldOf !== this.#running || site === this.#oldSite || site === this.#oldSite - 1) return;
    this.#hide();
    this.#old.length = 0;
    this.#oldOf = -1;
  }

  #written(): void {
    const writing = this.#writing;
    if (writing === null) return;
    this.#writing = null;
    const { participant, address, length, clock, late } = writing;
    if (late !== null) {
      for (const one of late.words) one.value = this.memory[one.word] as number;
      (this.#late[participant] as Late[]).push(late);
      return;
    }
    for (const word of wordsOf(address, length))
      this.#push(word, this.#versionsOf(word), this.memory[word] as number, participant, clock);
  }
}

function wordsOf(address: number, length: number): number[] {
  const words: number[] = [];
  for (let word = address >>> 2; word << 2 < address + length; word++) words.push(word);
  return words;
}

const isRelease = (kind: number): boolean => kind >= Kind.ATOMIC_STORE;

function touches(late: Late, address: number, length: number): boolean {
  return late.address >>> 2 <= (address + length - 1) >>> 2 && address >>> 2 <= (late.address + late.length - 1) >>> 2;
}
