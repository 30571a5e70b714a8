/**
 * One run of a scenario: its participants play their programs, one at a time, and whoever decides (a strategy) says
 * before each access that can meet another one who goes on.
 *
 * A program is a generator of calls of the core's exports, given back what each returns. What it does between calls is
 * its host's, and nobody stops it there. A participant that waits for a notification goes on when there was one, one
 * that has gone to sleep when it is rung.
 */

import { Fault } from './fault.js';
import { LINE, type Machine, type Player, SHARED } from './machine.js';
import { KIND_MASK, Kind, SITE_SHIFT } from './rewriting.js';
import type { Choice, Deviation } from './strategies.js';
import { type Option, WeakMemory } from './weak-memory.js';
import { isWrite, type Words } from './words.js';

/**
 * A call of an export; to sleep until the doorbell (the address of its word) is rung; or to wait until other hosts have
 * done something.
 */
export type Step =
  | readonly [name: string, ...args: number[]]
  | { readonly untilRung: number }
  | { readonly until: () => boolean }
  | typeof MAY_END;
/** Between two parts of a program: it could end here, and nothing would be half done. */
export const MAY_END = { mayEnd: true } as const;
export type Program = Generator<Step, void, number>;

/** Who goes on. */
export interface Strategy {
  /**
   * `current` is about to make an access that can meet another one (`able`), or cannot go on. Others that could go on
   * are the bits of `others`. `accesses`: how many `current` has made, by which the place is known again. `kind` and `site`:
   * those of its access.
   */
  next(current: number, able: boolean, others: number, accesses: number, kind: number, site: number): number;
  /**
   * Weak memory allows something else of an access of `current` than what happens in any case: one of so many options,
   * counted from 1 on; 0: none of them. `words`: those of the access that are accessed without an order.
   */
  choose(current: number, accesses: number, options: readonly Choice[], words: readonly number[]): number;
  /** The store that was made late last was seen by nobody before its time: what follows is as if it were not late. */
  onVain?(): void;
  /** The next place where it wants to be asked, whether or not that is known to meet another one. */
  readonly place?: { readonly at: number; readonly accesses: number } | undefined;
}

interface Access {
  address: number;
  length: number;
  kind: number;
  site: number;
}

interface Role {
  readonly program: Program;
  started: boolean;
  ended: boolean;
  /** What its next access is: it has stopped before it. */
  readonly pending: Access;
  hasPending: boolean;
  /** The word on which it waits for a notification; 0: it does not. */
  waits: number;
  notified: boolean;
  /** The doorbell that wakes it, and what it showed; 0: it does not sleep. */
  sleeps: number;
  rings: number;
  /** Parts of its program that it has played. */
  parts: number;
  /** It waits until what it has read too early is written. */
  owes: boolean;
  /** What it waits for. */
  until: (() => boolean) | null;
  /** What its last call returned. */
  result: number;
  points: number;
}

/** What has been read is never written: this was no run. */
export class NoRun extends Error {}

/** Accesses in a row after which somebody else goes on: whoever goes round in circles waits for others. */
const PATIENCE = 4000;
const POINTS_MAX = 200_000;
/** Tells values that are coming from numbers of old ones. */
const COMING = 0x51ed270b;
/** The site of what is no access. */
const NOWHERE = -1;

export class Run implements Player {
  readonly roles: Role[];
  points = 0;
  /** What was done, in this order: where somebody else went on, and where weak memory showed. */
  readonly deviations: Deviation[] = [];
  readonly #weak: WeakMemory;
  #strategy: Strategy;
  #next = 0;
  #current = -1;
  #row = 0;
  #swap: { participant: number; access: Access; before: number } | null = null;
  /** Where participants could be stopped, if anybody wants to know. */
  places: Set<number> | null = null;
  /** Whose stop is watched, and whether anything came of it. */
  #watched = -1;
  met = false;
  #watchesLate = false;

  constructor(
    readonly machine: Machine,
    readonly words: Words,
    programs: readonly Program[],
    strategy: Strategy,
    readonly isWeak = true,
    /** So many parts of its program each participant plays at most. */
    readonly limits: readonly number[] = [],
  ) {
    this.#strategy = strategy;
    this.#weak = new WeakMemory(machine.words, words, () => strategy.onVain?.());
    this.roles = programs.map((program, i) => ({
      program,
      started: false,
      ended: limits[i] === 0,
      pending: { address: 0, length: 0, kind: 0, site: 0 },
      hasPending: false,
      waits: 0,
      notified: false,
      sleeps: 0,
      rings: 0,
      parts: 0,
      owes: false,
      until: null,
      result: 0,
      points: 0,
    }));
  }

  /** Plays to the end; throws when something is wrong. */
  play(): void {
    const { machine } = this;
    this.words.begin();
    for (const participant of machine.participants) participant.tell(true);
    machine.player = this;
    this.#arm();
    try {
      for (;;) {
        let able = this.#able();
        if (able === 0) {
          // Nothing is late for good.
          this.#weak.releaseAll();
          able = this.#able();
          if (this.roles.some(({ owes }, i) => owes && this.#weak.isOwed(i))) throw new NoRun();
          if (able === 0) break;
        }
        const current = this.#current;
        if (current < 0 || ((able >> current) & 1) === 0) this.#next = this.#choose(current, false, able);
        this.#switch(this.#next, false);
        this.#goOn(this.#next);
      }
    } finally {
      machine.player = null;
      for (const participant of machine.participants) participant.tell(false);
    }
    if (this.roles.some((_, i) => this.#weak.isOwed(i))) throw new NoRun();
    for (const [i, role] of this.roles.entries()) {
      if (role.waits !== 0) throw new Fault(`participant ${i} waits for a lock for good`);
    }
  }

  #goOn(index: number): void {
    this.#weak.enter(index);
    this.#advance(index);
    this.#settle(-1);
    this.#weak.leave();
  }

  #isPlace(index: number, accesses: number): boolean {
    const { place } = this.#strategy;
    return place !== undefined && place.at === index && place.accesses === accesses;
  }

  /** Takes care that the strategy's next place is told. */
  #arm(): void {
    const { place } = this.#strategy;
    if (place !== undefined) this.machine.participants[place.at]?.stopAt(place.accesses);
  }

  #choose(current: number, able: boolean, others: number): number {
    const accesses = current < 0 ? 0 : (this.machine.participants[current]?.accesses ?? 0);
    const next = this.#strategy.next(current, able, others, accesses, Kind.LOAD, NOWHERE);
    this.#arm();
    return next;
  }

  #switch(to: number, able: boolean): void {
    const from = this.#current;
    if (from === to) return;
    const accesses = from < 0 ? 0 : (this.machine.participants[from]?.accesses ?? 0);
    this.deviations.push({ at: from, accesses, to, able });
    this.#current = to;
    this.#row = 0;
  }

  /** Who could go on, as bits. */
  #able(): number {
    let bits = 0;
    for (const [i, role] of this.roles.entries()) if (this.#isAble(role)) bits |= 1 << i;
    return bits;
  }

  #isAble(role: Role): boolean {
    if (role.ended) return false;
    if (role.owes) return !this.#weak.isOwed(this.roles.indexOf(role));
    if (role.waits !== 0) return role.notified;
    if (role.until !== null) return role.until();
    if (role.sleeps !== 0) return Atomics.load(this.machine.words, role.sleeps >>> 2) !== role.rings;
    return true;
  }

  /** Lets a participant go on until it stops, waits or has ended. */
  #advance(index: number): void {
    const role = this.roles[index] as Role;
    const participant = this.machine.participants[index];
    if (participant === undefined) throw new Error(`there is no participant ${index}`);
    if (participant.isStopped) {
      if (role.hasPending) this.#perform(index, role);
      role.waits = 0;
      const result = participant.goOn();
      if (result === undefined) return;
      role.result = result;
    }
    if (role.sleeps !== 0) {
      // It was rung, and knows so much.
      this.#rings[index] = Atomics.load(this.machine.words, role.sleeps >>> 2);
      role.sleeps = 0;
      role.result = 0;
    }
    for (;;) {
      const { value, done } = role.program.next(role.started ? role.result : 0);
      role.started = true;
      role.until = null;
      if (done) {
        role.ended = true;
        return;
      }
      if ('mayEnd' in value) {
        role.parts += 1;
        if (role.parts !== this.limits[index]) continue;
        role.ended = true;
        return;
      }
      if ('until' in value) {
        if (value.until()) continue;
        role.until = value.until;
        return;
      }
      if ('untilRung' in value) {
        role.sleeps = value.untilRung;
        role.rings = this.#ringsSeen(index, value.untilRung);
        if (!this.#isAble(role)) return;
        this.#rings[index] = Atomics.load(this.machine.words, role.sleeps >>> 2);
        role.sleeps = 0;
        role.result = 0;
        continue;
      }
      const [name, ...args] = value;
      const result = participant.begin(name, args);
      if (result === undefined) return;
      role.result = result;
    }
  }

  /** As the host does: rings that came since it looked last count. */
  #ringsSeen(index: number, doorbell: number): number {
    return this.#rings[index] ?? Atomics.load(this.machine.words, doorbell >>> 2);
  }
  readonly #rings: number[] = [];

  /** What the doorbells show at the beginning. */
  lookAtDoorbells(addresses: readonly number[]): void {
    for (const [i, address] of addresses.entries()) this.#rings[i] = Atomics.load(this.machine.words, address >>> 2);
  }

  step(index: number, address: number, length: number, info: number, accesses: number): boolean {
    const kind = info & KIND_MASK;
    const site = info >>> SITE_SHIFT;
    this.#settle(site);
    const { machine } = this;
    const role = this.roles[index] as Role;
    const line = (address / LINE) | 0;
    const known = machine.lines[line] as number;
    if (known & 0x80) machine.checkFreed(address, info);
    if ((known & SHARED) === 0) machine.lines[line] = known | (index + 1);
    else if ((known & SHARED) !== index + 1 && (known & SHARED) !== SHARED) {
      machine.lines[line] = known | SHARED;
      this.words.learn();
    }
    const { pending } = role;
    pending.address = address;
    pending.length = length;
    pending.kind = kind;
    pending.site = site;
    if (this.#weak.isOwed(index, address, length, kind)) {
      [role.hasPending, role.owes] = [true, true];
      return true;
    }
    if (this.words.meets(index, address, length, kind) || this.#isPlace(index, accesses)) {
      this.points += 1;
      this.places?.add(site);
      this.#row += 1;
      if (this.points > POINTS_MAX) throw new Fault('the run does not end');
      const others = this.#able() & ~(1 << index);
      if (others !== 0) {
        const next = this.#strategy.next(index, this.#row <= PATIENCE, others, accesses, kind, site);
        this.#arm();
        if (next !== index) {
          this.#next = next;
          role.hasPending = true;
          this.#switch(next, this.#row <= PATIENCE);
          return true;
        }
      }
    }
    this.#perform(index, role);
    return false;
  }

  /** The access that was told happens now. */
  #perform(index: number, role: Role): void {
    role.hasPending = false;
    role.owes = false;
    const { address, length, kind, site } = role.pending;
    if (this.#watched >= 0 && this.#watched !== index) this.#watch(role.pending);
    else if (this.#watched === index) this.#watched = -2;
    const isRacy = this.isWeak && this.words.isAnyRacy(address, length);
    const isLate = isRacy && this.#weakens(index, role.pending);
    if (isRacy && isWrite(kind)) {
      this.#weak.write(index, address, length, site, isLate ? (this.#watchesLate ? 'watched' : 'late') : 'now');
      this.#watchesLate = false;
    }
    if (isLate) return;
    if (kind === Kind.ATOMIC_STORE || kind === Kind.ADD) this.#weak.release(index);
    if (kind === Kind.ATOMIC_LOAD) this.#weak.acquire(index);
    if (kind >= Kind.ADD) this.#weak.acquireEarly(index, address);
    if (kind === Kind.ATOMIC_STORE || kind === Kind.ADD) this.#weak.writeAtomic(index, address, length);
    if (kind === Kind.SWAP) {
      this.#swap = { participant: index, access: { ...role.pending }, before: this.#valueAt(address) };
      return;
    }
    this.words.happens(index, address, length, kind, site);
  }

  /** What weak memory makes of an access; whether it is a store that is late. */
  #weakens(index: number, { address, length, kind, site }: Access): boolean {
    const accesses = this.machine.participants[index]?.accesses ?? 0;
    const words = this.words.racyOf(address, length);
    for (;;) {
      const alone = this.roles.every(({ ended }, i) => ended || i === index);
      const options = this.#weak.options(index, address, length, kind, alone);
      if (kind === Kind.STORE && alone) options.length = 0;
      if (options.length === 0) return false;
      const choice = this.#strategy.choose(index, accesses, options, words);
      this.#arm();
      const option = options[choice - 1];
      if (option === undefined) return false;
      const coming = option.how === 'coming' ? option.coming : undefined;
      this.deviations.push({ at: index, accesses, to: index, able: true, choice, coming, words });
      if (!this.#weaken(index, option, site)) return option.how === 'late';
    }
  }

  /** Does one thing that weak memory allows; whether another one may follow at the same access. */
  #weaken(index: number, option: Option, site: number): boolean {
    switch (option.how) {
      case 'seen':
        this.#weak.see(option.late);
        return true;
      case 'old':
        this.#weak.readOld(option.word, option.value, site);
        this.words.mark(index, option.word, option.back);
        return false;
      case 'coming':
        this.#weak.readComing(option.word, option.value, site);
        this.words.mark(index, option.word, option.value + COMING);
        return false;
      case 'late':
        return false;
    }
  }

  #valueAt(address: number): number {
    return this.machine.words[address >>> 2] as number;
  }

  /** Whether the last compare-and-swap has succeeded is seen when the next thing happens. */
  #settle(next: number): void {
    this.#weak.settle(next);
    const swap = this.#swap;
    if (swap === null) return;
    this.#swap = null;
    const { address, length, site } = swap.access;
    const changed = length > 4 ? true : this.#valueAt(address) !== swap.before;
    if (changed) {
      this.#weak.release(swap.participant);
      this.#weak.writeAtomic(swap.participant, address, length);
    }
    this.words.happens(swap.participant, address, length, changed ? Kind.SWAP : Kind.ATOMIC_LOAD, site);
  }

  /** A deviation is made now: is it worth it? */
  watch({ at, choice }: Deviation): void {
    if (choice === undefined) this.#watched = at;
    // What weak memory shows is another value, or a store that may be late for nobody.
    else [this.met, this.#watchesLate] = [true, true];
  }

  #watch(access: Access): void {
    const stopped = (this.roles[this.#watched] as Role).pending;
    if (access.address >= stopped.address + stopped.length || stopped.address >= access.address + access.length) {
      // Words, not octets.
      if (access.address >>> 2 !== stopped.address >>> 2) return;
    }
    if (isWrite(access.kind) || isWrite(stopped.kind)) this.met = true;
  }

  wait(index: number, address: number, expected: number): boolean {
    this.#settle(-1);
    const role = this.roles[index] as Role;
    if (this.#valueAt(address) !== (expected | 0)) return false;
    role.waits = address;
    role.notified = false;
    role.hasPending = false;
    return true;
  }

  notify(_: number, address: number): void {
    const waiting = this.roles.find((role) => role.waits === address && !role.notified);
    if (waiting !== undefined) waiting.notified = true;
  }
}
