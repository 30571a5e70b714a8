/**
 * What makes the broker hold its publishers back: a log that cannot be written, a file system with little space left.
 * Consumers go on, and so make room. Workers see the reasons in shared memory before their publishers are stopped. What
 * must hold: publishers are blocked exactly while there is a reason, and already are when the operator is told so.
 */
import { statfs } from 'node:fs/promises';
import type { Engine } from '../engine/engine.js';
import type { Health } from '../log/commit-log.js';
import { fatal } from '../platform/fatal.js';
import type { SharedAlarms } from '../worker/shared-alarms.js';

/** Between two looks at the space on disk (ms). */
const LOOK_MS = 1_000;

/** Free space that is asked for when nothing is said, and the share of the file system that this is at most. */
const DISK_FREE = 1024 ** 3;
const DISK_SHARE = 0.1;

/**
 * How long publishers wait for memory before the operator is told (ms): while messages leave for the disk they stop and
 * go many times a second.
 */
const SHORTAGE_MS = 5_000;

/** What there is too little of, by RabbitMQ's names. */
export type AlarmChanged = (source: 'memory' | 'disk', isSet: boolean) => void;

export class Alarms {
  /** Handed to the workers. */
  readonly shared: SharedAlarms;
  readonly #engine: Pick<Engine, 'blockPublishers'>;
  readonly #report: (line: string) => void;
  readonly #changed: AlarmChanged;
  /** What is wrong, by who says so. */
  readonly #raised = new Map<string, string>();
  /** The free space could not be asked for when it last was. */
  #isBlind = false;
  /** Workers whose publishers wait for memory. */
  readonly #short = new Set<number>();
  #timer: NodeJS.Timeout | null = null;
  /** Octets that must be free on the disk; null: the default. */
  #limit: number | null = null;
  /** Runs from the beginning of a shortage until it is told. */
  #shortage: NodeJS.Timeout | null = null;

  /** `changed` hears of each alarm that is set or cleared. */
  constructor(
    shared: SharedAlarms,
    engine: Pick<Engine, 'blockPublishers'>,
    report: (line: string) => void,
    changed: AlarmChanged = () => {},
  ) {
    this.shared = shared;
    this.#engine = engine;
    this.#report = report;
    this.#changed = changed;
  }

  /** Publishers are blocked because of the disk. */
  get isLowOnDisk(): boolean {
    return this.#raised.size > 0;
  }

  /** How appending goes in a participant's log. */
  log(writerNumber: number, health: Health): void {
    const name = `writer ${writerNumber}`;
    if (health.state === 'ok') this.#lift(name);
    else if (health.state === 'full') this.#raise(name, `no space is left for the log of writer ${writerNumber}`);
    else this.#raise(name, `the log of writer ${writerNumber} cannot be written (${health.error.message})`);
  }

  /** Publishers of a worker wait for memory, or do not any more. */
  memory(worker: number, short: boolean): void {
    const before = this.#short.size;
    if (short && this.#raised.size === 0) this.#short.add(worker);
    if (!short) this.#short.delete(worker);
    if (before === 0 && this.#short.size > 0)
      this.#shortage = setTimeout(() => this.#tellShortage(), SHORTAGE_MS).unref();
    if (before === 0 || this.#short.size > 0) return;
    if (this.#shortage === null) this.#report('memory resource limit alarm cleared on this node');
    else clearTimeout(this.#shortage);
    this.#shortage = null;
    if (this.shared.isShortOfMemory) this.#changed('memory', false);
    this.shared.setShortOfMemory(false);
  }

  #tellShortage(): void {
    this.#shortage = null;
    this.shared.setShortOfMemory(true);
    this.#changed('memory', true);
    this.#report('memory resource limit alarm set on this node: publishers wait until messages have left');
  }

  /** Looks at the space where a directory is, now and again; `limit` octets must be free, null: the default. */
  async watchDisk(directory: string, limit: number | null): Promise<void> {
    this.#limit = limit;
    await this.#look(directory);
    this.#timer = setInterval(() => this.#look(directory).catch(fatal), LOOK_MS);
    this.#timer.unref();
  }

  /** Blocks publishers because somebody asks for that; null: not any more. */
  block(reason: string | null): void {
    if (reason === null) this.#lift('request');
    else this.#raise('request', reason);
  }

  /** As much must be free from the next look on. */
  limitDisk(limit: number | null): void {
    this.#limit = limit;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#shortage !== null) clearTimeout(this.#shortage);
  }

  async #look(directory: string): Promise<void> {
    let free: number;
    let least: number;
    try {
      const { bavail, blocks, bsize } = await statfs(directory);
      free = bavail * bsize;
      least = this.#limit ?? Math.min(DISK_FREE, blocks * bsize * DISK_SHARE);
    } catch (error) {
      this.#tellBlind(error);
      return;
    }
    this.#isBlind = false;
    this.shared.setDisk({ free, least });
    if (free >= least) this.#lift('disk');
    else
      this.#raise('disk', `${inMebibytes(free)} MiB are free on the disk, of ${inMebibytes(least)} that are asked for`);
  }

  /** What is not known raises no alarm, and lifts none: the log itself tells when it cannot be written. */
  #tellBlind(error: unknown): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    const state = this.#raised.has('disk')
      ? 'publishers stay blocked'
      : 'publishers go on until it cannot be written to';
    const reason = error instanceof Error ? error.message : String(error);
    this.#report(`the free space on the disk cannot be asked for (${reason}): ${state}`);
  }

  #raise(name: string, reason: string): void {
    const isNew = !this.#raised.has(name);
    this.#raised.set(name, reason);
    this.#apply();
    if (isNew) this.#report(`disk resource limit alarm set on this node, publishers are blocked: ${reason}`);
  }

  #lift(name: string): void {
    if (!this.#raised.delete(name)) return;
    this.#apply();
    const left = [...this.#raised.values()];
    if (left.length === 0) this.#report('disk resource limit alarm cleared on this node: publishers go on');
    else this.#report(`disk resource limit alarm goes on: ${left.join('; ')}`);
  }

  #apply(): void {
    const isLow = this.#raised.size > 0;
    if (!this.shared.setLowOnDisk(isLow)) return;
    this.#engine.blockPublishers(isLow);
    this.#changed('disk', isLow);
  }
}

function inMebibytes(octets: number): number {
  return Math.floor(octets / 1024 ** 2);
}
