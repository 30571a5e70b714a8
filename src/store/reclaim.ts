/**
 * Clearing files away: those in which nothing counts, and those that hold so little that it is copied forward. What
 * must hold: a file goes only when all that it says and that still counts is durable in another one: its messages with
 * their places, and what it records as done (as a checkpoint). Facts stand twice for a while, which reading does not
 * mind. Whoever reads from it is told where its messages are now, and what is being read is waited for.
 */

import { claimedName, FILE_HEAD, isSpare } from '../log/record-format.js';
import { isMistake } from '../platform/fatal.js';
import { BatchBuilder } from './log/batch.js';
import { decodeHead } from './log/file-head.js';
import type { LogDirectory } from './log/log-directory.js';
import { type LogFileState, type LogFiles, liveOctets } from './log/log-files.js';
import { withFile } from './log/log-set.js';
import type { LogWriter } from './log/log-writer.js';
import { Scanner } from './log/scan.js';
import type { Liveness } from './recovery/ledger.js';
import { readMessages } from './recovery/message-stream.js';
import { ReplayIndex } from './recovery/replay-index.js';

export interface ReclaimOptions {
  readonly directory: LogDirectory;
  /** Where copies go. */
  readonly writer: LogWriter;
  readonly files: LogFiles;
  readonly liveness: Liveness;
  /** The message at a position was copied: it is here now. */
  readonly onMoved?: (queue: number, position: number, file: LogFileState, offset: number) => void;
  readonly waste?: Waste;
  /** Whether the disk has so little space that nothing is borne, and no dead file kept. */
  readonly isTight?: () => boolean;
  readonly scanner?: Scanner;
  /** A file cannot be read any more, and stays. */
  readonly onStuck?: (file: string, error: Error) => void;
}

export type Reclaimed = { readonly file: string; readonly copied: number } | null;

/** Of what lies in a file, at most this share is written again to be rid of it. */
const COPY_SHARE = 0.4;
/**
 * What is borne before messages are copied: most files empty by themselves, from the oldest on, and what is copied out
 * of them is read, checked and written for nothing.
 */
export interface Waste {
  /**
   * A file that is no longer than this is not borne: such files come with each start, and would only become more.
   * Octets.
   */
  readonly small: number;
  /** As much may lie dead beside living messages as lives, and so many octets more. */
  readonly dead: number;
}
const WASTE: Waste = { small: 8 << 20, dead: 256 << 20 };
/** A checkpoint that is longer is shared by the files that it serves, when it is judged what it costs. */
const LONG_OCTETS = 64 << 10;
/** Dead files that are kept to be written anew. */
const SPARES = 2;
/** Octets that one append copies. */
const COPY_OCTETS = 1 << 20;
/**
 * A file of copies that is longer is ended when nobody needs any of them: it might stay open for as long as there is
 * nothing to copy.
 */
const SPENT_OCTETS = 1 << 20;

export class Reclaimer {
  readonly #options: ReclaimOptions;
  readonly #waste: Waste;
  #scanner: Scanner | undefined;
  #running: Promise<Reclaimed> | null = null;
  /** Files that cannot be read any more; they stay as they are. */
  readonly #stuck = new Set<string>();

  constructor(options: ReclaimOptions) {
    this.#options = options;
    this.#waste = options.waste ?? WASTE;
    this.#scanner = options.scanner;
  }

  /** Clears one file away, if one is worth it. One call after the other. */
  async step(): Promise<Reclaimed> {
    if (this.#running !== null) return this.#running;
    this.#running = this.#clearOne();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #clearOne(): Promise<Reclaimed> {
    if (this.#isSpent()) await this.#options.writer.endFile();
    const state = this.#choose();
    return state === null ? null : this.#clear(state);
  }

  /** Whether the file that copies go to holds only such as nobody needs any more. */
  #isSpent(): boolean {
    const { files, writer } = this.#options;
    for (const state of files.states.values()) {
      if (state.writerNumber === writer.writerNumber && !state.closed)
        return state.live === 0 && state.octets > SPENT_OCTETS;
    }
    return false;
  }

  /** The file of which the least would have to be written again. */
  #choose(): LogFileState | null {
    let best: LogFileState | null = null;
    let bestShare = COPY_SHARE;
    const { small } = this.#waste;
    const isWasteful = this.#isWasteful();
    for (const state of this.#options.files.states.values()) {
      if (!state.closed || this.#stuck.has(state.name)) continue;
      if (state.live > 0 && state.octets > small && !isWasteful) continue;
      const octets = liveOctets(state) + this.#checkpointOctets(state, state.octets * bestShare);
      const share = octets / state.octets;
      if (share < bestShare) {
        best = state;
        bestShare = share;
      }
    }
    return best;
  }

  /** What the checkpoints cost without which a file cannot go; no more is counted than is too much. */
  #checkpointOctets(state: LogFileState, most: number): number {
    const { liveness } = this.#options;
    let octets = 0;
    for (const queue of state.settled) {
      if (octets > most) break;
      if (liveness.isCovered(queue, state)) continue;
      const own = liveness.checkpointOctets(queue);
      // A long one is worth it when many files can go by it.
      octets += own <= LONG_OCTETS ? own : own / this.#filesWaitingFor(queue);
    }
    return octets;
  }

  /** Closed files that a checkpoint of a queue would serve. */
  #filesWaitingFor(queue: number): number {
    const { files, liveness } = this.#options;
    let count = 0;
    for (const state of files.states.values()) {
      if (state.closed && state.settled.has(queue) && !liveness.isCovered(queue, state)) count += 1;
    }
    return Math.max(1, count);
  }

  /** Whether so much lies dead beside living messages that these are worth being copied. */
  #isWasteful(): boolean {
    const { files } = this.#options;
    let dead = 0;
    let living = 0;
    for (const state of files.states.values()) {
      if (!state.closed || state.live === 0) continue;
      const live = liveOctets(state);
      living += live;
      dead += state.octets - live;
    }
    return this.#isTight() || dead > living + this.#waste.dead;
  }

  #isTight(): boolean {
    return this.#options.isTight?.() ?? false;
  }

  async #clear(state: LogFileState): Promise<Reclaimed> {
    let copied: number;
    try {
      copied = state.live > 0 ? await this.#copyMessages(state) : 0;
    } catch (error) {
      if (isMistake(error)) throw error;
      this.#stuck.add(state.name);
      this.#options.onStuck?.(state.name, error as Error);
      return null;
    }
    await this.#copyFacts(state);
    await this.#options.writer.sync();
    await this.#discard(state);
    return { file: state.name, copied };
  }

  async #copyMessages(state: LogFileState): Promise<number> {
    const { directory, liveness } = this.#options;
    const replayIndex = await this.#read(state);
    const places = livePlaces(replayIndex, state, liveness);
    if ([...places.values()].reduce((sum, { length }) => sum + length, 0) < state.live) {
      throw new Error(`${state.name} holds messages that cannot be read any more`);
    }
    let batch = new BatchBuilder();
    let copies: Copy[] = [];
    const flush = async (): Promise<void> => {
      const done = copies;
      const full = batch;
      batch = new BatchBuilder();
      copies = [];
      if (done.length > 0) await this.#append(full, done);
    };
    for await (const some of readMessages(directory, state.name, replayIndex.messages, [...places.keys()])) {
      for (const { index, id, records } of some) {
        const held = places.get(index) as Place[];
        copies.push({ at: batch.octets, places: held });
        batch.copied(records);
        for (const { queue, position, time, delivered } of held) batch.enqueue(queue, position, time, [id], delivered);
        if (batch.octets >= COPY_OCTETS) await flush();
      }
    }
    await flush();
    return places.size;
  }

  async #append(batch: BatchBuilder, copies: readonly Copy[]): Promise<void> {
    const { writer, files, onMoved } = this.#options;
    await writer.append(batch, (number, from) => {
      if (onMoved === undefined) return;
      const file = files.file(writer.writerNumber, number);
      for (const { at, places } of copies) {
        for (const { queue, position } of places) onMoved(queue, position, file, from + at);
      }
    });
  }

  async #read(state: LogFileState): Promise<ReplayIndex> {
    this.#scanner ??= new Scanner();
    const scanner = this.#scanner;
    const replayIndex = new ReplayIndex();
    replayIndex.beginFile(0, null);
    return withFile(this.#options.directory, state.name, async (file) => {
      const bytes = new Uint8Array(FILE_HEAD);
      const head = decodeHead(bytes.subarray(0, await file.read(bytes, 0)));
      if (head === null) throw new Error(`the head of ${state.name} cannot be read any more`);
      await scanner.scan(file, head.head.seed, replayIndex);
      // What the ledger holds was whole when it was written.
      for (const broken of replayIndex.endFile()) replayIndex.salvage(broken);
      return replayIndex;
    });
  }

  /** What the file says of queues: as it stands now, not as it was said. */
  async #copyFacts(state: LogFileState): Promise<void> {
    const batch = new BatchBuilder();
    for (const queue of state.settled) {
      if (this.#options.liveness.isCovered(queue, state)) continue;
      const checkpoint = this.#options.liveness.checkpoint(queue);
      if (checkpoint !== null) batch.checkpoint(checkpoint);
    }
    if (batch.octets > 0) await this.#options.writer.append(batch);
  }

  /** The file's name goes for good before anybody relies on it. */
  async #discard(state: LogFileState): Promise<void> {
    const { directory, files, writer } = this.#options;
    await files.unread(state);
    const found = await directory.list();
    const names = found.map(({ name }) => name);
    const octets = found.find(({ name }) => name === state.name)?.octets ?? 0;
    // It is gone already when an earlier attempt failed behind this.
    if (names.includes(state.name)) {
      const keep =
        !state.failed && names.filter(isSpare).length < SPARES && writer.health.state === 'ok' && !this.#isTight();
      if (keep) await this.#keepBlocks(state.name, octets);
      else await directory.remove(state.name);
    }
    await directory.syncNames();
    files.forget(state);
    writer.retry();
  }

  /**
   * A dead file waits to be written anew. What long messages have made longer than others is cut, under a name that no
   * writer takes it by.
   */
  async #keepBlocks(name: string, octets: number): Promise<void> {
    const { directory, writer } = this.#options;
    const spare = `spare-${name}.old`;
    if (octets <= writer.fileOctets) return directory.rename(name, spare);
    const claimed = claimedName(name);
    await directory.rename(name, claimed);
    await directory.syncNames();
    await withFile(directory, claimed, (file) => file.truncate(writer.fileOctets));
    await directory.rename(claimed, spare);
  }
}

interface Place {
  readonly queue: number;
  readonly position: number;
  readonly time: number;
  readonly delivered: boolean;
}

/** A message in a batch. */
interface Copy {
  readonly at: number;
  readonly places: readonly Place[];
}

/** The messages of a file that count, by their place in its table, and where they are held. */
function livePlaces(replayIndex: ReplayIndex, state: LogFileState, liveness: Liveness): Map<number, Place[]> {
  const found = new Map<number, Place[]>();
  for (const { id, positions, messages, times, delivered } of replayIndex.queues(() => true, true).queues) {
    positions.forEach((position, i) => {
      if (!liveness.isHeld(id, position, state)) return;
      const index = messages[i] as number;
      const places = found.get(index) ?? [];
      found.set(index, places);
      places.push({ queue: id, position, time: times[i] as number, delivered: delivered[i] === 1 });
    });
  }
  return found;
}
