/**
 * Log files in memory that remember which writes were synced. A loss of power leaves of the others what chance decides:
 * each is there, is not there, or is there in part, whatever the order in which they were made; the same holds for
 * names. Any call can be made to fail.
 */
import type { LogDirectory, LogFile, Writing } from '../../../src/store/log/log-directory.js';

export type Random = () => number;

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly truncate: number };
type NameChange =
  | { readonly put: string; readonly file: Content }
  | { readonly gone: string }
  | { readonly from: string; readonly to: string; readonly file: Content };

/** What chance grabs of a write at once. */
const SECTOR = 512;

/** One file's octets: those that are safe, and what was done since. */
class Content {
  synced: Uint8Array = new Uint8Array(0);
  now: Uint8Array = new Uint8Array(0);
  pending: Change[] = [];
  /** Octets that the device does not give. */
  lost: { readonly from: number; readonly to: number } | null = null;

  static of(bytes: Uint8Array): Content {
    const content = new Content();
    content.synced = bytes;
    content.now = bytes;
    return content;
  }

  /** The same, apart from now on. */
  fork(): Content {
    const fork = new Content();
    fork.synced = this.synced;
    fork.now = this.now;
    fork.pending = [...this.pending];
    return fork;
  }

  change(change: Change): void {
    const { lost } = this;
    if (lost !== null && 'at' in change && change.at <= lost.from && change.at + change.bytes.length >= lost.to)
      this.lost = null;
    this.pending.push(change);
    this.now = applied(this.now, change);
  }

  sync(): void {
    for (const change of this.pending) this.synced = applied(this.synced, change);
    this.pending = [];
  }

  /** What was written last is safe, and nothing else for that; what was written there before does not come back. */
  syncLast(): void {
    const last = this.pending.pop();
    if (last === undefined || 'truncate' in last) return;
    this.synced = applied(this.synced, last);
    const end = last.at + last.bytes.length;
    this.pending = this.pending.flatMap((change): Change[] => {
      if ('truncate' in change) return [change];
      const before = change.bytes.subarray(0, Math.max(0, last.at - change.at));
      const behind = change.bytes.subarray(Math.max(0, end - change.at));
      return [
        { at: change.at, bytes: before },
        { at: Math.max(change.at, end), bytes: behind },
      ].filter(({ bytes }) => bytes.length > 0);
    });
  }

  /** The same for it alone as for all when a sync failed. */
  failLast(): void {
    this.pending.pop();
  }

  /** A sync failed: as systems do, what it covered counts as written from now on, and is not. */
  failSync(): void {
    this.pending = [];
  }

  /** What a loss of power leaves. */
  survives(random: Random): Uint8Array {
    let bytes = this.synced;
    // Some losses take all or nothing, some tear at sectors, some anywhere.
    const mood = random();
    const changes = mood < 0.5 ? this.pending : shuffled(this.pending, random);
    for (const change of changes) {
      if (random() < 0.3) continue;
      if ('truncate' in change || mood < 0.2) bytes = applied(bytes, change);
      else bytes = applied(bytes, ...torn(change, mood < 0.8 ? SECTOR : 8, random));
    }
    return bytes;
  }
}

function applied(bytes: Uint8Array, ...changes: Change[]): Uint8Array {
  const end = Math.max(
    bytes.length,
    ...changes.map((change) => ('truncate' in change ? 0 : change.at + change.bytes.length)),
  );
  const only = changes.length === 1 ? changes[0] : undefined;
  const next = new Uint8Array(only !== undefined && 'truncate' in only ? only.truncate : end);
  next.set(bytes.subarray(0, next.length));
  for (const change of changes) if (!('truncate' in change)) next.set(change.bytes, change.at);
  return next;
}

function torn(change: { at: number; bytes: Uint8Array }, unit: number, random: Random): Change[] {
  const parts: Change[] = [];
  const kept = random();
  for (let at = 0; at < change.bytes.length; ) {
    const end = Math.min(change.bytes.length, at + unit - ((change.at + at) % unit));
    if (random() < kept) parts.push({ at: change.at + at, bytes: change.bytes.subarray(at, end) });
    at = end;
  }
  return parts;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

export type Call =
  | 'list'
  | 'create'
  | 'open'
  | 'rename'
  | 'remove'
  | 'syncNames'
  | 'write'
  | 'sync'
  | 'read'
  | 'truncate'
  | 'close';

export class SimulatedDirectory implements LogDirectory {
  readonly #synced = new Map<string, Content>();
  readonly #names = new Map<string, Content>();
  #pending: NameChange[] = [];
  calls = 0;
  /** Octets that all files together may have. */
  capacity = Number.POSITIVE_INFINITY;
  /** Writes that the thread itself waited for. */
  waits = 0;
  /**
   * Called before each call that changes something: throws to make it fail, looks at what a loss of power would leave.
   */
  onCall: (call: Call, name: string) => void = () => undefined;

  static of(files: ReadonlyMap<string, Uint8Array>): SimulatedDirectory {
    const directory = new SimulatedDirectory();
    for (const [name, bytes] of files) {
      const content = Content.of(bytes);
      directory.#synced.set(name, content);
      directory.#names.set(name, content);
    }
    return directory;
  }

  /** The same files, all of them safe. */
  copy(): SimulatedDirectory {
    return SimulatedDirectory.of(this.files());
  }

  /** What the death of the process at this moment leaves: what was not synced is still on its way. */
  kill(): SimulatedDirectory {
    const forks = new Map<Content, Content>();
    const forkOf = (content: Content): Content => {
      const fork = forks.get(content) ?? content.fork();
      forks.set(content, fork);
      return fork;
    };
    const directory = new SimulatedDirectory();
    for (const [name, content] of this.#synced) directory.#synced.set(name, forkOf(content));
    for (const [name, content] of this.#names) directory.#names.set(name, forkOf(content));
    directory.#pending = this.#pending.map((change) =>
      'file' in change ? { ...change, file: forkOf(change.file) } : change,
    );
    return directory;
  }

  /** Octets of all files. */
  octets(): number {
    let octets = 0;
    for (const { now } of this.#names.values()) octets += now.length;
    return octets;
  }

  /** Throws where files would take more than there is. */
  grow(octets: number): void {
    if (octets > 0 && this.octets() + octets > this.capacity) throw systemError('ENOSPC');
  }

  /** What a loss of power at this moment leaves. */
  powerLoss(random: Random): SimulatedDirectory {
    const names = new Map(this.#synced);
    const mood = random();
    for (const change of this.#pending) {
      if (mood > 0.3 && random() < 0.4) continue;
      if ('put' in change) names.set(change.put, change.file);
      else if ('gone' in change) names.delete(change.gone);
      else {
        names.delete(change.from);
        names.set(change.to, change.file);
      }
    }
    return SimulatedDirectory.of(new Map([...names].map(([name, content]) => [name, content.survives(random)])));
  }

  /** The device loses some octets of a file: what is read there fails until it is written again. */
  lose(name: string, from: number, to: number): void {
    this.#content(name).lost = { from, to };
  }

  /** Changes a byte behind everybody's back. */
  flip(name: string, offset: number): void {
    const { now } = this.#content(name);
    now[offset] = (now[offset] ?? 0) ^ 0x40;
  }

  /** The files as a process sees them. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#names].map(([name, content]) => [name, content.now]));
  }

  async list(): Promise<{ name: string; octets: number }[]> {
    this.before('list', '');
    return [...this.#names].map(([name, { now }]) => ({ name, octets: now.length }));
  }

  async create(name: string, writing: Writing = 'cached'): Promise<LogFile> {
    return this.createNow(name, writing);
  }

  /** The same, for simulations that know no promises. */
  createNow(name: string, writing: Writing = 'cached'): SimulatedFile {
    this.before('create', name);
    if (this.#names.has(name)) throw Object.assign(new Error(`EEXIST: ${name}`), { code: 'EEXIST' });
    const content = new Content();
    this.#names.set(name, content);
    this.#pending.push({ put: name, file: content });
    return new SimulatedFile(this, name, content, writing);
  }

  async open(name: string, writing: Writing = 'cached'): Promise<LogFile> {
    this.before('open', name);
    return new SimulatedFile(this, name, this.#content(name), writing);
  }

  async rename(from: string, to: string): Promise<void> {
    this.before('rename', from);
    const file = this.#content(from);
    this.#names.delete(from);
    this.#names.set(to, file);
    this.#pending.push({ from, to, file });
  }

  async remove(name: string): Promise<void> {
    this.before('remove', name);
    this.#content(name);
    this.#names.delete(name);
    this.#pending.push({ gone: name });
  }

  async syncNames(): Promise<void> {
    this.syncNamesNow();
  }

  syncNamesNow(): void {
    this.before('syncNames', '');
    this.#pending = [];
    this.#synced.clear();
    for (const [name, content] of this.#names) this.#synced.set(name, content);
  }

  before(call: Call, name: string): void {
    this.calls += 1;
    this.onCall(call, name);
  }

  #content(name: string): Content {
    const content = this.#names.get(name);
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT' });
    return content;
  }
}

export class SimulatedFile implements LogFile {
  constructor(
    readonly directory: SimulatedDirectory,
    readonly name: string,
    readonly content: Content,
    readonly writing: Writing,
  ) {}

  async write(views: readonly Uint8Array[], at: number): Promise<void> {
    this.#write(views, at);
  }

  async sync(): Promise<void> {
    this.syncNow();
  }

  syncNow(): void {
    try {
      this.directory.before('sync', this.name);
    } catch (error) {
      this.content.failSync();
      throw error;
    }
    this.content.sync();
  }

  writeNow(views: readonly Uint8Array[], at: number): void {
    this.directory.waits += 1;
    this.#write(views, at);
  }

  #write(views: readonly Uint8Array[], at: number): void {
    const bytes = Buffer.concat(views);
    try {
      this.directory.before('write', this.name);
      this.directory.grow(at + bytes.length - this.content.now.length);
    } catch (error) {
      // A write that fails may have written something.
      this.content.change({ at, bytes: Uint8Array.from(bytes.subarray(0, bytes.length >> 1)) });
      throw error;
    }
    this.content.change({ at, bytes: Uint8Array.from(bytes) });
    if (this.writing === 'synced') this.#syncLast();
  }

  #syncLast(): void {
    try {
      this.directory.before('sync', this.name);
    } catch (error) {
      this.content.failLast();
      throw error;
    }
    this.content.syncLast();
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    this.directory.before('read', this.name);
    const { lost } = this.content;
    if (lost !== null && at < lost.to && at + into.length > lost.from) throw systemError('EIO');
    const bytes = this.content.now.subarray(at, at + into.length);
    into.set(bytes);
    return bytes.length;
  }

  async truncate(octets: number): Promise<void> {
    this.directory.before('truncate', this.name);
    this.directory.grow(octets - this.content.now.length);
    this.content.change({ truncate: octets });
  }

  async close(): Promise<void> {
    this.directory.before('close', this.name);
  }
}

/** An error as the operating system reports it. */
export function systemError(code: 'EIO' | 'ENOSPC'): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
