/**
 * One run of a cluster at random: three machines with clocks and disks of their own, the stream in memory with all its
 * faults, a small broker above who leads. What a seed gives is always the same.
 */

import { MemoryPresences } from '../../../src/cluster/protocol/memory-presence.js';
import { LIMITS, type Limits, TIMING, type Timing } from '../../../src/cluster/protocol/timing.js';
import { RecordError } from '../../../src/cluster/records/record-error.js';
import { recordsOf } from '../../../src/cluster/records/record-group.js';
import { RecordReader, type StreamRecord } from '../../../src/cluster/records/record-reader.js';
import { byChance, type FaultRates } from '../../../src/cluster/stream/memory-faults.js';
import { MemoryStream } from '../../../src/cluster/stream/memory-stream.js';
import { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import { factsOf, Ledger, sameRecord } from './ledger.js';
import { type Life, Member } from './member.js';

export type Mode = 'faults' | 'regressions';

export interface Outcome {
  /** Null: all that must hold held. */
  readonly broken: string | null;
  readonly confirmed: number;
  readonly deliveries: number;
  readonly leaders: number;
  readonly kills: number;
  readonly powerLosses: number;
  readonly stops: number;
  readonly stepDowns: number;
  readonly copies: number;
  readonly strays: number;
  readonly purged: number;
  readonly refused: number;
}

/** ms of virtual time: with faults, in peace, and until what was appended then has come to all. */
const ROUGH = 11_000;
const PEACE = 8000;
const REST = 1500;
/** Octets of a record, and of what is stored with it. */
const RECORD_MAX = 4000;
const MESSAGE_MAX = 420;
/** Clocks are off by so much (ms), and run faster or slower by so much. */
const OFFSET = 1e6;
const DRIFT = 200e-6;

const TIMES: Timing = { ...TIMING, memberSeen: 2500, purge: 700, status: 500 };
const SIZES: Limits = { ...LIMITS, message: 300, waiting: 4000, unapplied: 3000, kept: 60_000 };
const STREAM = { delay: [0.5, 6], timeout: 700, election: [100, 2500] } as const;
const FAULTS: FaultRates = {
  interval: 400,
  stall: 0.06,
  election: 0.04,
  partition: 0.1,
  regression: 0,
  regressionMax: 0,
};
const REGRESSIONS: FaultRates = { ...FAULTS, regression: 0.04, regressionMax: 15 };

export function simulate(seed: number, mode: Mode): Outcome {
  return new Run(seed, mode).play();
}

/** Keeps what is purged, for the judge. */
class ArchivedStream extends MemoryStream {
  readonly archive = new Map<number, Uint8Array>();

  override purge(upTo: number): void {
    for (let sequence = this.first; sequence <= Math.min(upTo, this.last); sequence++) {
      this.archive.set(sequence, this.at(sequence) ?? new Uint8Array());
    }
    super.purge(upTo);
  }

  any(sequence: number): Uint8Array {
    return this.at(sequence) ?? this.archive.get(sequence) ?? new Uint8Array();
  }
}

class Run {
  readonly #random: () => number;
  readonly #clock = new VirtualClock();
  readonly #stream: ArchivedStream;
  readonly #ledger = new Ledger();
  readonly #members: readonly Member[];
  readonly #mode: Mode;
  #isRough = true;
  #number = 0;
  readonly #counts = { kills: 0, powerLosses: 0, stops: 0, stepDowns: 0 };

  constructor(seed: number, mode: Mode) {
    const random = randomFrom(seed);
    this.#random = random;
    this.#mode = mode;
    const clock = this.#clock;
    this.#stream = new ArchivedStream({ clock, random, timing: STREAM, messageOctetsMax: MESSAGE_MAX });
    const { chances } = this.#stream;
    for (const chance of ['lostRequest', 'lostAnswer', 'refused'] as const) {
      chances[chance] = random() < 0.6 ? 0 : random() * 0.1;
    }
    const presences = new MemoryPresences(clock, 2);
    presences.reaches = (from, to) => !this.#stream.isCutOff(from) && !this.#stream.isCutOff(to);
    const around = {
      clock,
      random,
      stream: this.#stream,
      presences,
      ledger: this.#ledger,
      timing: TIMES,
      limits: SIZES,
      number: () => this.#number++,
      mayRefuse: mode === 'regressions',
    };
    const drift = () => 1 + (2 * random() - 1) * DRIFT;
    this.#members = ['a', 'b', 'c'].map((name) => new Member(name, around, random() * OFFSET, drift()));
  }

  play(): Outcome {
    for (const member of this.#members) {
      member.onDown = (what) => this.#onDown(member, what);
      this.#clock.after(this.#random() * 1000, () => member.start());
    }
    const endFaults = byChance(this.#stream, this.#clock, this.#random, this.#mode === 'faults' ? FAULTS : REGRESSIONS);
    const roll = () => {
      if (!this.#isRough) return;
      for (const member of this.#members) this.#roll(member);
      this.#clock.after(200, roll);
    };
    this.#clock.after(200, roll);
    this.#runUntil(ROUGH);
    this.#isRough = false;
    endFaults();
    Object.assign(this.#stream.chances, { lostRequest: 0, lostAnswer: 0, refused: 0 });
    for (const { life } of this.#members) life?.gate.goOn();
    const before = this.#ledger.confirmed.size;
    this.#runUntil(ROUGH + PEACE);
    const last = this.#stream.last;
    this.#runUntil(ROUGH + PEACE + REST);
    return this.#judge(before, last);
  }

  #runUntil(time: number): void {
    const isOver = () => this.#mode === 'faults' && this.#ledger.broken !== null;
    while (this.#clock.now() < time && !isOver()) this.#clock.runUntil(this.#clock.now() + 250);
  }

  /** What befalls a machine in this fifth of a second. */
  #roll(member: Member): void {
    const { life } = member;
    if (life === null) return;
    const chance = this.#random();
    const counts = this.#counts;
    if (chance < 0.006) {
      counts.kills += 1;
      member.kill('kill');
      this.#startLater(member);
    } else if (chance < 0.014) {
      counts.powerLosses += 1;
      member.kill('power');
      this.#startLater(member);
    } else if (chance < 0.015) {
      // A disk at a time: what is purged is on two of them, and was confirmed to outlast one.
      if (!this.#members.some((other) => other !== member && other.durable + 1 >= this.#stream.first)) return;
      member.loseDisk();
      this.#startLater(member);
    } else if (chance < 0.03) {
      counts.stops += 1;
      life.gate.stop();
      this.#clock.after(10 + this.#random() * 3500, () => life.gate.goOn());
    } else if (life.serves && life.gate.isOpen && this.#random() < 0.02) {
      const to = this.#members[Math.floor(this.#random() * this.#members.length)];
      if (life.node.stepDown(this.#random() < 0.5 ? null : (to?.name ?? null))) counts.stepDowns += 1;
    }
    this.#holdMemory(life);
  }

  /** A store that is slow is not given more than it may be. */
  #holdMemory({ store, name, node }: Life): void {
    // Reading does not pause amid a record.
    if (node.role.kind === 'standby' && store.pending > SIZES.unapplied + RECORD_MAX) {
      this.#ledger.breaks(`${name} holds ${store.pending} octets that are not durable`);
    }
  }

  #startLater(member: Member): void {
    const delay = this.#random() < 0.2 ? this.#random() * 7000 : this.#random() * 1000;
    this.#clock.after(this.#isRough ? delay : 100, () => member.start());
  }

  #onDown(member: Member, what: 'deposed' | 'must-copy'): void {
    if (what === 'must-copy') {
      const sources = this.#members.flatMap(({ life }) => (life === null || life.name === member.name ? [] : [life]));
      sources.sort((one, other) => other.store.position.sequence - one.store.position.sequence);
      // One that is no further has nothing to give.
      const source = sources.find(({ store }) => store.position.sequence + 1 >= this.#stream.first);
      if (source !== undefined) member.copy(source);
    }
    this.#startLater(member);
  }

  #judge(before: number, last: number): Outcome {
    const { strays, records, error } = this.#readAll();
    const ledger = this.#ledger;
    if (this.#mode === 'faults') {
      if (error !== null) ledger.breaks(`a fresh reader fails: ${error.message}`);
      this.#judgeRecords(records);
      this.#judgePeace(records, before, last);
    } else this.#judgeNoticed(records, error);
    const sum = (of: (member: Member) => number) => this.#members.reduce((total, member) => total + of(member), 0);
    return {
      broken: ledger.broken,
      confirmed: ledger.confirmed.size,
      deliveries: ledger.deliveries,
      leaders: ledger.leaders.size,
      ...this.#counts,
      copies: sum(({ copies }) => copies),
      strays,
      purged: this.#stream.first - 1,
      refused: sum(({ refused }) => (refused === null ? 0 : 1)),
    };
  }

  /** All that counts, by a reader that has seen nothing before. */
  #readAll() {
    const reader = new RecordReader();
    const records: StreamRecord[] = [];
    let strays = 0;
    let error: RecordError | null = null;
    try {
      for (let sequence = 1; sequence <= this.#stream.last; sequence++) {
        const reading = reader.read(sequence, this.#stream.any(sequence));
        if (reading.kind === 'stray') strays += 1;
        else if (reading.kind === 'record') records.push(...recordsOf(reading.record));
      }
    } catch (thrown) {
      if (!(thrown instanceof RecordError)) throw thrown;
      error = thrown;
    }
    return { records, strays, error };
  }

  /** What was confirmed is there once, where it was confirmed; no message's id is another one's; epochs grow. */
  #judgeRecords(records: readonly StreamRecord[]): void {
    const places = new Map<string, number>();
    const ids = new Set<string>();
    let epoch = 0;
    for (const record of records) {
      if (record.epoch < epoch) this.#ledger.breaks(`message ${record.sequence} stands behind a later fence`);
      epoch = record.epoch;
      for (const fact of factsOf(record)) {
        if (places.has(fact)) this.#ledger.breaks(`'${fact}' is there twice`);
        places.set(fact, record.sequence);
        if (fact.startsWith('-')) continue;
        const id = fact.slice(0, fact.lastIndexOf(':'));
        if (ids.has(id)) this.#ledger.breaks(`the id of '${fact}' is another one's`);
        ids.add(id);
      }
    }
    for (const [fact, sequence] of this.#ledger.confirmed) {
      if (places.get(fact) !== sequence)
        this.#ledger.breaks(`'${fact}' was confirmed as ${sequence}, and is not there`);
    }
  }

  /** In peace one leads and confirms, and all have the same: what was there by then. */
  #judgePeace(records: readonly StreamRecord[], before: number, last: number): void {
    const ledger = this.#ledger;
    const lives = this.#members.flatMap(({ life }) => (life === null ? [] : [life]));
    if (lives.length < this.#members.length) ledger.breaks('a node is down for ever');
    if (lives.filter(({ serves }) => serves).length !== 1) {
      ledger.breaks(`not one leads in peace: ${lives.map(({ node }) => JSON.stringify(node.role)).join(' ')}`);
    }
    if (ledger.confirmed.size === before) ledger.breaks('nothing is confirmed in peace');
    const due = records.findLastIndex(({ sequence }) => sequence <= last) + 1;
    for (const { name, store } of lives) {
      const differs = store.records.findIndex((record, index) => !sameRecord(records[index], record));
      if (differs >= 0) ledger.breaks(`${name} has another record ${differs} than the stream`);
      if (store.records.length < due) ledger.breaks(`${name} has ${store.records.length} of ${due} records`);
      if (store.position.sequence < (records[due - 1]?.sequence ?? 0)) ledger.breaks(`${name} has them not durable`);
    }
  }

  /** Who goes on has what is there, or knows that something is wrong. */
  #judgeNoticed(records: readonly StreamRecord[], error: RecordError | null): void {
    // Two that fence behind a number that was lost are both told so: what was promised is broken. They are noticed.
    this.#ledger.broken = null;
    if (error !== null) return;
    for (const { life } of this.#members) {
      if (life === null || life.node.status.trouble !== null) continue;
      const isSame = life.store.records.every((record, index) => sameRecord(records[index], record));
      if (!isSame) this.#ledger.breaks(`${life.name} has read what is not there, and does not notice`);
    }
  }
}
