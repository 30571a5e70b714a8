/**
 * A core in one thread: its memory, an instance of the instrumented module for each participant, and a snapshot to
 * which all of it goes back after each run. What the search keeps lies behind the core's memory, out of its reach.
 *
 *   core (CORE_MEBIBYTES) │ lines: a byte for 64 octets │ dirty: a byte for a page │ a stack for each participant
 */

import { instantiateCore } from '../../../dist/engine/wasm/wasm-core.js';
import { joinWasmCore } from '../../../dist/engine/wasm/wasm-engine.js';
import type { Engine } from '../../../src/engine/engine.js';
import { Bench } from '../../engine/support/bench.js';
import { Fault } from './fault.js';
import type { Instrumented, LookedAt } from './instrument.js';
import { KIND_MASK, Kind, type Layout, SITE_SHIFT } from './rewriting.js';

const MEBIBYTE = 1 << 20;
export const CORE_MEBIBYTES = 36;
const CORE_BYTES = CORE_MEBIBYTES * MEBIBYTE;
const PAGE = 4096;
const PAGES = CORE_BYTES / PAGE;
export const LINE = 64;
const LINES = CORE_BYTES / LINE;
const STACK = 32768;
export const LAYOUT: Layout = { lines: CORE_BYTES, dirty: CORE_BYTES + LINES };
const STACKS = LAYOUT.dirty + PAGES;
/** Freed units are marked in steps of the smallest of them. */
const CELL = 512;
const SEGMENT = MEBIBYTE;

/** A line's byte: nobody has touched it; who alone has; several have. The highest bit: it is free memory. */
export const SHARED = 0x7f;
const FREED = 0x80;
const FREED_FOUR = 0x80808080 | 0;
/** What a freed cell belongs to. */
const FREE_UNIT = 1;
const FREE_SEGMENT = 2;

/** A message that is gone may be read where its value is thrown away when somebody was quicker: functions that say so. */
const OPTIMISTIC = [
  // A compare-and-swap that follows fails, or a look at the head says so.
  'queue/chain/claim/claim',
  'queue/browse',
  'queue/rules/peek',
  'queue/rules/front',
  'queue/rules/set-features/bytesHere',
  // Asked by front.ts.
  'memory/properties/timestampOf',
  'memory/properties/seek',
];
/** They look after free memory. */
const KEEPERS = ['memory/units/', 'memory/stacks/', 'memory/pool/', 'memory/epoch/'];

const NORMAL = 0;
const UNWINDING = 1;

type Call = (...args: number[]) => number;
type Exports = Record<string, Call | WebAssembly.Global>;

/** What the machine tells whoever plays a run. */
export interface Player {
  /** An access is about to happen. True: the participant stops here. */
  step(participant: number, address: number, length: number, info: number, accesses: number): boolean;
  /** A participant is about to wait for a notification while a word has a value. True: it stops here. */
  wait(participant: number, address: number, expected: number): boolean;
  notify(participant: number, address: number): void;
}

/** One instance of the core. */
export class Participant {
  readonly engine: Engine;
  /** Of its page, and of the root. */
  readonly address: number;
  readonly root: number;
  readonly #exports: Exports;
  readonly #globals: readonly WebAssembly.Global[];
  readonly #saved: unknown[] = [];
  readonly #me: WebAssembly.Global;
  readonly #mask: WebAssembly.Global;
  readonly #accesses: WebAssembly.Global;
  readonly #stop: WebAssembly.Global;
  #rewinding = false;
  /** The call that is stopped in its midst. */
  #stopped: { name: string; args: number[] } | null = null;

  constructor(
    readonly machine: Machine,
    readonly index: number,
    { module, globals }: Instrumented,
    isWorker: boolean,
  ) {
    const { memory } = machine;
    const schedule = {
      step: (address: number, length: number, info: number, accesses: number): void => {
        if (this.#rewinding) this.#rewound();
        else if (machine.player === null) machine.checkFreed(address >>> 0, info);
        else if (machine.player.step(index, address >>> 0, length, info, accesses >>> 0)) this.#unwind();
      },
      wait: (address: number, expected: number): number => {
        if (this.#rewinding) this.#rewound();
        else if (machine.player?.wait(index, address >>> 0, expected)) this.#unwind();
        return 0;
      },
      notify: (address: number): void => machine.player?.notify(index, address >>> 0),
      freed: (unit: number, length: number): void => machine.setFreed(unit >>> 0, length, true),
      taken: (unit: number, length: number): void => machine.setFreed(unit >>> 0, length, false),
    };
    const core = instantiateCore(module, memory, { schedule });
    this.#exports = core.functions as unknown as Exports;
    this.#globals = globals.map((name) => this.#exports[`global:${name}`] as WebAssembly.Global);
    const global = (name: string): WebAssembly.Global => this.#exports[`global:schedule.${name}`] as WebAssembly.Global;
    [this.#me, this.#mask, this.#accesses, this.#stop] = [
      global('me'),
      global('mask'),
      global('accesses'),
      global('stop'),
    ];
    if (index === 0) (this.#exports.initCore as Call)(CORE_MEBIBYTES, machine.workers + 1);
    this.#mask.value = FREED;
    this.engine = joinWasmCore(core, index, isWorker);
    this.address = (this.#exports.participantAddress as Call)() >>> 0;
    this.root = (this.#exports.ADDRESS_ROOT as WebAssembly.Global).value;
  }

  /** What a word of a structure holds (instrument.ts names them). */
  look(structure: number, word: LookedAt): number {
    return this.machine.words[this.wordOf(structure, word)] as number;
  }

  /** Its number. */
  wordOf(structure: number, word: LookedAt): number {
    const global = this.#exports[`OFFSET_${word.replace('.', '_')}`] as WebAssembly.Global;
    return (structure + global.value) >>> 2;
  }

  /** Sets a global of this instance, for good. */
  set(name: string, value: number): void {
    const global = this.#exports[`global:${name}`];
    if (!(global instanceof WebAssembly.Global)) throw new Error(`the core has no global ${name}`);
    global.value = value;
  }

  /** Accesses are told from now on, or only those to free memory. */
  tell(all: boolean): void {
    this.#me.value = all ? this.index + 1 : 0;
    this.#mask.value = all ? 0xff : FREED;
    this.#accesses.value = 0;
    this.#stop.value = -1;
  }

  /** Which access is told even if nobody else knows the line. */
  stopAt(access: number): void {
    this.#stop.value = access;
  }

  get accesses(): number {
    return this.#accesses.value >>> 0;
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  /** Begins a call. What it returns, or undefined: it has stopped in its midst. */
  begin(name: string, args: number[]): number | undefined {
    return this.#ended(name, args, (this.#exports[name] as Call)(...args));
  }

  /** Goes on with the call that was stopped. */
  goOn(): number | undefined {
    const call = this.#stopped;
    if (call === null) throw new Error(`participant ${this.index} has no call to go on with`);
    this.#rewinding = true;
    (this.#exports.asyncify_start_rewind as Call)(this.#stack);
    return this.#ended(call.name, call.args, (this.#exports[call.name] as Call)(...call.args));
  }

  #ended(name: string, args: number[], result: number): number | undefined {
    this.#stopped = null;
    if ((this.#exports.asyncify_get_state as Call)() !== UNWINDING) return result ?? 0;
    (this.#exports.asyncify_stop_unwind as Call)();
    this.#stopped = { name, args };
    return undefined;
  }

  get #stack(): number {
    return STACKS + this.index * STACK;
  }

  #unwind(): void {
    const words = this.machine.words;
    words[this.#stack / 4] = this.#stack + 8;
    words[this.#stack / 4 + 1] = this.#stack + STACK;
    (this.#exports.asyncify_start_unwind as Call)(this.#stack);
  }

  #rewound(): void {
    this.#rewinding = false;
    (this.#exports.asyncify_stop_rewind as Call)();
  }

  save(): void {
    for (const [i, global] of this.#globals.entries()) this.#saved[i] = global.value;
  }

  restore(): void {
    this.#rewinding = false;
    this.#stopped = null;
    // A trap in the midst of winding leaves asyncify's own state.
    if ((this.#exports.asyncify_get_state as Call)() !== NORMAL) (this.#exports.asyncify_stop_rewind as Call)();
    for (let i = 0; i < this.#globals.length; i++) {
      const global = this.#globals[i] as WebAssembly.Global;
      if (global.value !== this.#saved[i]) global.value = this.#saved[i];
    }
  }
}

export class Machine {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Who has touched a line (SHARED: several); kept from run to run. */
  readonly lines: Uint8Array;
  readonly participants: readonly Participant[];
  readonly bench: Bench;
  player: Player | null = null;
  readonly #fourLines: Int32Array;
  readonly #dirty: Uint8Array;
  readonly #freed = new Uint8Array(CORE_BYTES / CELL);
  /** What was freed and taken since the snapshot. */
  readonly #freedLog: number[] = [];
  readonly #image = new Uint8Array(CORE_BYTES);

  constructor(
    readonly core: Instrumented,
    readonly workers: number,
  ) {
    const pages = (STACKS + (workers + 1) * STACK + 65535) >> 16;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
    const buffer = this.memory.buffer as unknown as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.lines = new Uint8Array(buffer, LAYOUT.lines, LINES);
    this.#fourLines = new Int32Array(buffer, LAYOUT.lines, LINES / 4);
    this.#dirty = new Uint8Array(buffer, LAYOUT.dirty, PAGES);
    const participants: Participant[] = [];
    for (let i = 0; i <= workers; i++) participants.push(new Participant(this, i, core, i < workers));
    this.participants = participants;
    const engines = participants.map(({ engine }) => engine);
    this.bench = Bench.of(engines.slice(0, -1), engines[workers] as Engine);
  }

  get coordinator(): Participant {
    return this.participants[this.workers] as Participant;
  }

  /** All who enter the core and leave it touch these: they are no meeting of two operations. */
  epochWords(): Set<number> {
    const { coordinator } = this;
    const seen = this.participants.map(({ address }) => coordinator.wordOf(address, 'Participant.seen'));
    return new Set([coordinator.wordOf(coordinator.root, 'Root.epoch'), ...seen]);
  }

  /** A unit is free memory from now on, or is not any more. */
  setFreed(unit: number, length: number, free: boolean): void {
    // A segment is cut into others, and whole again when all of them are free.
    const isFree = length === SEGMENT ? this.#segments[unit / SEGMENT] === 0 : this.#freed[unit / CELL] !== 0;
    if (isFree === free) throw new Fault(`${unit.toString(16)} is ${free ? 'freed' : 'taken'} twice`);
    if (length === SEGMENT) this.#segments[unit / SEGMENT] = free ? 0 : 1;
    this.#freedLog.push(unit, length);
    this.#mark(unit, length, free);
  }

  #mark(unit: number, length: number, free: boolean): void {
    this.#freed.fill(free ? (length === SEGMENT ? FREE_SEGMENT : FREE_UNIT) : 0, unit / CELL, (unit + length) / CELL);
    // Four lines at a time.
    const lines = this.#fourLines;
    const end = (unit + length) / LINE / 4;
    for (let i = unit / LINE / 4; i < end; i++)
      lines[i] = free ? (lines[i] as number) | FREED_FOUR : (lines[i] as number) & ~FREED_FOUR;
  }

  isFree(address: number): boolean {
    return this.#freed[(address / CELL) | 0] !== 0;
  }

  /** Free memory is touched by those alone who look after it, and read where what is read is thrown away. */
  checkFreed(address: number, info: number): void {
    const freed = this.#freed[(address / CELL) | 0];
    if (freed === 0) return;
    const name = this.core.sites[info >>> SITE_SHIFT]?.name ?? '?';
    if (KEEPERS.some((file) => name.startsWith(file))) return;
    const writes = (info & KIND_MASK) !== Kind.LOAD && (info & KIND_MASK) !== Kind.ATOMIC_LOAD;
    if (!writes && freed === FREE_SEGMENT && OPTIMISTIC.some((file) => name.startsWith(file))) return;
    throw new Fault(`${name} ${writes ? 'writes' : 'reads'} free memory at ${address.toString(16)}`);
  }

  /** What is there now is what each run begins with. */
  save(): void {
    const dirty = this.#dirty;
    for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) {
      this.#image.set(this.bytes.subarray(page * PAGE, (page + 1) * PAGE), page * PAGE);
      dirty[page] = 0;
    }
    this.#freedLog.length = 0;
    this.#freedImage.set(this.#freed);
    this.#segmentsImage.set(this.#segments);
    for (const participant of this.participants) participant.save();
  }
  /** Of each segment whether it is taken. */
  readonly #segments = new Uint8Array(CORE_MEBIBYTES);
  readonly #segmentsImage = new Uint8Array(CORE_MEBIBYTES);
  readonly #freedImage = new Uint8Array(CORE_BYTES / CELL);

  restore(): void {
    const dirty = this.#dirty;
    for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) {
      this.bytes.set(this.#image.subarray(page * PAGE, (page + 1) * PAGE), page * PAGE);
      dirty[page] = 0;
    }
    const log = this.#freedLog;
    for (let i = 0; i < log.length; i += 2) this.#restoreFreed(log[i] as number, log[i + 1] as number);
    log.length = 0;
    this.#segments.set(this.#segmentsImage);
    for (const participant of this.participants) participant.restore();
  }

  #restoreFreed(unit: number, length: number): void {
    const image = this.#freedImage.subarray(unit / CELL, (unit + length) / CELL);
    const [first] = image;
    if (image.every((one) => one === first)) this.#mark(unit, length, first !== 0);
    else for (let at = unit; at < unit + length; at += CELL) this.#mark(at, CELL, this.#freedImage[at / CELL] !== 0);
    this.#freed.set(image, unit / CELL);
  }

  /** The host writes as a thread of this participant would: its page goes back, too. */
  write(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address);
    for (let page = (address / PAGE) | 0; page * PAGE < address + bytes.length; page++) this.#dirty[page] = 1;
  }
}
