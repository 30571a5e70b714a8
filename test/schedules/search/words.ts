/**
 * What participants do with words of memory: who reads and who writes them, over all runs of a scenario, and in each
 * run what happens before what (vector clocks, as FastTrack has them).
 *
 * Only an access that can meet another one is worth a stop. That is an atomic one on a word that another participant
 * touches, if one of the two writes; and a plain one on a word that was seen to be accessed by two without an order
 * between them (a race). Where plain accesses are ordered by atomic ones, stopping before the atomic ones shows all
 * that can be seen.
 */

import { CORE_MEBIBYTES } from './machine.js';
import { Kind } from './rewriting.js';

const START = 1 << 16;

export const isWrite = (kind: number): boolean => kind === Kind.STORE || kind >= Kind.ATOMIC_STORE;
export const isAtomic = (kind: number): boolean => kind >= Kind.ATOMIC_LOAD;

/** So many values of a word are remembered. */
const WRITTEN_MOST = 6;

interface Written {
  readonly value: number;
  readonly writer: number;
}

export class Words {
  /** Of each word its number here, 0: nobody has touched it. */
  readonly #numbers = new Int32Array((CORE_MEBIBYTES << 20) / 4);
  #count = 1;
  // By number, for all runs: bits of participants.
  #readers = new Uint8Array(START);
  #writers = new Uint8Array(START);
  #racy = new Uint8Array(START);
  // By number, for this run.
  #run = new Int32Array(START);
  #writer = new Int8Array(START);
  #writeClock = new Int32Array(START);
  #writeAtomic = new Uint8Array(START);
  #readClock: Int32Array;
  #sync: Int32Array;
  #trace = new Int32Array(START);
  /** What each participant knows of the others' clocks. */
  readonly #clocks: Int32Array;
  #runs = 0;
  /** Whether something was learned in this run that makes more accesses worth a stop. */
  grew = false;
  /** The same since somebody has set it back. */
  learned = false;
  /** Two runs with the same number have done the same, but for the order of what does not meet. */
  trace = 0;
  /** Plain accesses that were seen without an order, as pairs of sites. */
  readonly races = new Map<string, number>();
  #writeSite = new Int32Array(START);

  /** Of so many participants. Words in `ignored` are no meeting (`isShared`). */
  constructor(
    readonly participants: number,
    readonly ignored: ReadonlySet<number> = new Set(),
  ) {
    this.#readClock = new Int32Array(START * participants);
    this.#sync = new Int32Array(START * participants);
    this.#clocks = new Int32Array(participants * participants);
  }

  begin(): void {
    this.#runs += 1;
    this.grew = false;
    this.trace = 0;
    this.#clocks.fill(0);
    for (let i = 0; i < this.participants; i++) this.#clocks[i * this.participants + i] = 1;
  }

  learn(): void {
    this.grew = true;
    this.learned = true;
  }

  #number(word: number): number {
    const known = this.#numbers[word] as number;
    if (known !== 0) return known;
    if (this.#count === this.#readers.length) this.#enlarge();
    this.#numbers[word] = this.#count;
    return this.#count++;
  }

  #enlarge(): void {
    const twice = <A extends Uint8Array | Int32Array | Int8Array>(array: A): A => {
      const larger = new (array.constructor as new (length: number) => A)(array.length * 2);
      larger.set(array);
      return larger;
    };
    this.#readers = twice(this.#readers);
    this.#writers = twice(this.#writers);
    this.#racy = twice(this.#racy);
    this.#run = twice(this.#run);
    this.#writer = twice(this.#writer);
    this.#writeClock = twice(this.#writeClock);
    this.#writeAtomic = twice(this.#writeAtomic);
    this.#readClock = twice(this.#readClock);
    this.#sync = twice(this.#sync);
    this.#trace = twice(this.#trace);
    this.#writeSite = twice(this.#writeSite);
  }

  /** Whether an access can meet another one. */
  meets(participant: number, address: number, length: number, kind: number): boolean {
    const others = ~(1 << participant);
    const write = isWrite(kind);
    const atomic = isAtomic(kind);
    for (let word = address >>> 2; word << 2 < address + length; word++) {
      const n = this.#numbers[word] as number;
      if (n === 0 || (!atomic && this.#racy[n] === 0)) continue;
      if (((this.#writers[n] as number) & others) !== 0) return true;
      if (write && ((this.#readers[n] as number) & others) !== 0) return true;
    }
    return false;
  }

  /** Whether there is a word that one participant writes and so many touch. */
  isSharedBy(participants: number): boolean {
    const ignored = new Set([...this.ignored].map((word) => this.#numbers[word]));
    for (let n = 1; n < this.#count; n++) {
      if (ignored.has(n) || this.#writers[n] === 0) continue;
      let count = 0;
      for (let all = (this.#writers[n] as number) | (this.#readers[n] as number); all !== 0; all &= all - 1) count += 1;
      if (count >= participants) return true;
    }
    return false;
  }

  /** Whether a word was accessed without an order. */
  isRacy(word: number): boolean {
    return this.#racy[this.#numbers[word] as number] !== 0;
  }

  /** The same of one of the words of an access. */
  isAnyRacy(address: number, length: number): boolean {
    for (let word = address >>> 2; word << 2 < address + length; word++) if (this.isRacy(word)) return true;
    return false;
  }

  /** Those of the words of an access. */
  racyOf(address: number, length: number): number[] {
    const racy: number[] = [];
    for (let word = address >>> 2; word << 2 < address + length; word++) if (this.isRacy(word)) racy.push(word);
    return racy;
  }

  /** Values that participants wrote to a racy word in any run, in the order in which they were seen first. */
  readonly #written = new Map<number, Written[]>();

  written(word: number): readonly Written[] {
    return this.#written.get(word) ?? [];
  }

  /** A participant wrote that, or another one than `writer` will (−1). */
  noteWritten(word: number, value: number, writer: number): void {
    const known = this.#written.get(word);
    if (known === undefined) this.#written.set(word, [{ value, writer }]);
    else if (known.length < WRITTEN_MOST && !known.some((one) => one.value === value && one.writer === writer))
      known.push({ value, writer });
  }

  /** It is known that a word is accessed without an order. */
  setRacy(word: number): void {
    this.#racy[this.#number(word)] = 1;
  }

  /** A participant's own clock: it goes on with each of its releases. */
  clockOf(participant: number): number {
    return this.#clocks[participant * this.participants + participant] as number;
  }

  /** Whether what a participant did at a time of its clock happens before what another one does next. */
  knows(participant: number, of: number, clock: number): boolean {
    return clock <= (this.#clocks[participant * this.participants + of] as number);
  }

  /** Runs differ that read other values of the same word. */
  mark(participant: number, word: number, choice: number): void {
    this.trace = (this.trace + mix(Math.imul(word, 31) ^ mix(Math.imul(participant, 7919) + choice))) | 0;
  }

  /** An access happens now. A compare-and-swap that fails is an atomic load. */
  happens(participant: number, address: number, length: number, kind: number, site: number): void {
    for (let word = address >>> 2; word << 2 < address + length; word++) this.#word(participant, word, kind, site);
    if (kind >= Kind.ATOMIC_STORE) {
      const own = participant * this.participants + participant;
      this.#clocks[own] = (this.#clocks[own] as number) + 1;
    }
  }

  #word(participant: number, word: number, kind: number, site: number): void {
    const n = this.#number(word);
    const bit = 1 << participant;
    const write = isWrite(kind);
    const masks = write ? this.#writers : this.#readers;
    if (((masks[n] as number) & bit) === 0) {
      masks[n] = (masks[n] as number) | bit;
      const [readers, writers] = [this.#readers[n] as number, this.#writers[n] as number];
      if (writers !== 0 && ((readers | writers) & ~bit) !== 0) this.learn();
    }
    if (this.#run[n] !== this.#runs) this.#anew(n);
    const clocks = this.#clocks;
    const count = this.participants;
    const mine = participant * count;
    // Who wrote it last, and whether we know of that.
    const writer = this.#writer[n] as number;
    const atomic = isAtomic(kind);
    if (writer >= 0 && writer !== participant && !(atomic && this.#writeAtomic[n] === 1))
      if ((this.#writeClock[n] as number) > (clocks[mine + writer] as number))
        this.#race(n, this.#writeSite[n] as number, site);
    const reads = n * count;
    if (write) {
      for (let other = 0; other < count; other++) {
        const read = this.#readClock[reads + other] as number;
        if (other === participant || read === 0) continue;
        // Atomic reads are negative: they race with plain writes only.
        if (read < 0 ? !atomic && -read > (clocks[mine + other] as number) : read > (clocks[mine + other] as number))
          this.#race(n, -1, site);
      }
    }
    if (atomic && kind !== Kind.ATOMIC_STORE) {
      for (let other = 0; other < count; other++) {
        const known = this.#sync[reads + other] as number;
        if (known > (clocks[mine + other] as number)) clocks[mine + other] = known;
      }
    }
    const now = clocks[mine + participant] as number;
    const before = this.#trace[n] as number;
    if (((this.#readers[n] as number) | (this.#writers[n] as number)) !== bit) {
      const event = mix(before ^ Math.imul(participant * 65599 + site, 0x9e3779b1));
      this.trace = (this.trace + event) | 0;
      if (write) this.#trace[n] = event;
    }
    if (write) {
      this.#writer[n] = participant;
      this.#writeClock[n] = now;
      this.#writeAtomic[n] = atomic ? 1 : 0;
      this.#writeSite[n] = site;
      if (atomic)
        for (let other = 0; other < count; other++) this.#sync[reads + other] = clocks[mine + other] as number;
    } else if (!atomic) this.#readClock[reads + participant] = now;
    else if ((this.#readClock[reads + participant] as number) <= 0) this.#readClock[reads + participant] = -now;
  }

  #anew(n: number): void {
    this.#run[n] = this.#runs;
    this.#writer[n] = -1;
    this.#trace[n] = n;
    for (let i = n * this.participants; i < (n + 1) * this.participants; i++) {
      this.#readClock[i] = 0;
      this.#sync[i] = 0;
    }
  }

  #race(n: number, site: number, other: number): void {
    // What was not watched before may have put them into an order.
    if (this.grew) return;
    if (this.#racy[n] === 0) {
      this.#racy[n] = 1;
      this.learn();
    }
    const pair = `${site} ${other}`;
    this.races.set(pair, (this.races.get(pair) ?? 0) + 1);
  }
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
