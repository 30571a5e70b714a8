/**
 * This folder is for a node's own copy of what the stream says: who applies it, and how far that is.
 *
 * Here: applies portions to the node's log files and definitions while it follows. What must hold:
 *
 * - A portion's definitions come first, in one transaction, when all portions before it are written; so no file speaks
 *   of a queue that the definitions have never heard of. Its batches go to the logs of their lanes, side by side. What
 *   is known or deleted is believed when all that was said before it is written and heard.
 * - The position that is durable is never further on than what is synced in files. It may be behind: then what is
 *   there is applied again, which changes nothing, since each record of the log is a fact that stays true
 *   (recovery/replay-index.ts). Definitions say themselves up to where they are applied.
 * - After an error nothing is applied any more.
 */
import type { CommitLog } from '../../log/commit-log.js';
import type { Clock } from '../../platform/clock.js';
import { isMistake } from '../../platform/fatal.js';
import { decodeChanges } from '../../store/definition-changes.js';
import type { DefinitionChange, Definitions, Followed } from '../../store/definitions.js';
import { ReceivedBatch } from '../../store/log/received-batch.js';
import { logIdOf } from '../../store/queue-numbers.js';
import type { CopyView } from '../copy/copy-view.js';
import type { Portion, ReplicaStore } from '../protocol/replica-store.js';
import { CHAIN_START, type ChainPosition } from '../records/link.js';
import { type BatchBody, readBody } from '../records/record-bodies.js';
import { PositionSaver } from './position-saver.js';
import { type Begun, Progress } from './progress.js';

export type ReplicaDefinitions = Pick<Definitions, 'get' | 'change' | 'passQueueIds' | 'nextQueueId' | 'followed'>;

/** What a node has of the cluster's, as whoever follows may change it. Nobody else does meanwhile. */
export interface ReplicaFiles {
  readonly definitions: ReplicaDefinitions;
  /** The log of a lane; what it tells is heard. It is durable when an append resolves, whatever a confirm means. */
  lane(writerNumber: number): CommitLog;
  /** A queue is not defined any more, by its number in the log. */
  deleted(queue: number): void;
  known(queue: number, below: number): void;
  /** Resolves with why, when a log cannot be written as things are: at once, if that is so now. */
  stuck(): Promise<Error>;
  /** Shows them to a node that copies them. */
  openView(): Promise<CopyView>;
  /** Ends all logs: what one of them could not write is rejected. */
  close(): Promise<void>;
}

export interface ReplicaObserver {
  /** Its files cannot be applied to any more. Once. */
  onFailed(error: Error): void;
  /** Something waits for space, or the like; null: that is over. */
  onTrouble(error: Error | null): void;
}

export interface ReplicaOptions {
  readonly files: ReplicaFiles;
  readonly clock: Clock;
  readonly observer: ReplicaObserver;
}

/** Before definitions that could not be written are tried again (ms). */
const AGAIN = 1000;

export class Replica implements ReplicaStore {
  readonly #options: ReplicaOptions;
  readonly #progress: Progress;
  readonly #saver: PositionSaver;
  readonly #nextMessages: Map<number, number>;
  #definitions: number;
  #waiting: Portion[] = [];
  #running: Promise<void> | null = null;
  #isEnded = false;
  #isClosing = false;
  /** Why not all that it was given is durable; null: it is, or will be. */
  #failure: Error | null = null;
  /** Cuts a pause before another try short. */
  #again: () => void = () => undefined;
  #onApplied: (sequence: number) => void = () => undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { definitions } = options.files;
    const followed = definitions.followed ?? { position: CHAIN_START, definitions: 0, nextMessages: new Map() };
    this.#definitions = followed.definitions;
    this.#nextMessages = new Map(followed.nextMessages);
    this.#progress = new Progress(followed.position);
    this.#saver = new PositionSaver({
      clock: options.clock,
      saved: followed.position,
      current: () => this.#followed,
      save: (now) => definitions.change([], now),
      onSaved: (sequence) => this.#onApplied(sequence),
      onTrouble: options.observer.onTrouble,
    });
  }

  get position(): ChainPosition {
    return this.#saver.saved;
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }

  /** For a node that copies this one; what is applied meanwhile is not in it. */
  openView(): Promise<CopyView> {
    return this.#options.files.openView();
  }

  apply(portion: Portion): void {
    if (this.#isEnded) return;
    this.#waiting.push(portion);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /**
   * Applies what it has, says how far that is, and ends its logs. Rejects where not all of it is durable: what cannot
   * be written as things are is given up, since its end must not wait for space.
   */
  async close(): Promise<void> {
    const { files } = this.#options;
    this.#isClosing = true;
    this.#again();
    const stuck = await Promise.race([this.#settled(), files.stuck()]);
    if (stuck !== null) this.#giveUp(stuck);
    const isWhole = !this.#isEnded;
    this.#isEnded = true;
    try {
      if (isWhole) await this.#saver.end();
    } finally {
      await files.close();
      await this.#running;
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Nothing is under way any more. */
  async #settled(): Promise<null> {
    await this.#running;
    await this.#progress.idle();
    return null;
  }

  get #followed(): Followed {
    return { position: this.#progress.written, definitions: this.#definitions, nextMessages: this.#nextMessages };
  }

  async #run(): Promise<void> {
    try {
      for (let portion = this.#waiting.shift(); portion !== undefined; portion = this.#waiting.shift()) {
        if (this.#isEnded) return;
        await this.#applyOne(portion);
      }
    } catch (error) {
      if (isMistake(error)) throw error;
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#isEnded) return;
    this.#giveUp(error);
    this.#options.observer.onFailed(error);
  }

  #giveUp(error: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#failure = error;
    this.#waiting = [];
    this.#saver.drop();
    this.#progress.stop();
  }

  async #applyOne({ position, records }: Portion): Promise<void> {
    const { files } = this.#options;
    const bodies = records.map((record) => readBody(record));
    const changes: DefinitionChange[] = [];
    let nextQueueId = 0;
    const batches: BatchBody[] = [];
    for (const body of bodies) {
      if (body.kind === 'batch') batches.push(body.batch);
      if (body.kind !== 'definitions') continue;
      const decoded = decodeChanges(body.octets);
      changes.push(...decoded.changes);
      nextQueueId = Math.max(nextQueueId, decoded.nextQueueId);
    }
    // All of it is looked at before any of it is applied.
    const received = batches.map((batch) => ReceivedBatch.checked(batch.payload, batch));
    if (nextQueueId > 0 && position.sequence > this.#definitions) {
      await this.#define(changes, nextQueueId, position.sequence);
      if (this.#isEnded) return;
    }
    const begun = this.#progress.begin(position, batches.length);
    for (const [index, { lane, nextMessage }] of batches.entries()) {
      this.#nextMessages.set(lane, Math.max(nextMessage, this.#nextMessages.get(lane) ?? 0));
      this.#append(lane, received[index] as ReceivedBatch, begun);
    }
    for (const body of bodies) {
      if (body.kind !== 'known' && body.kind !== 'deleted') continue;
      await this.#progress.idle();
      if (this.#isEnded) return;
      if (body.kind === 'known') for (const { queue, below } of body.queues) files.known(queue, below);
      else for (const queue of body.queues) files.deleted(queue);
    }
    this.#saver.soon();
  }

  #append(lane: number, batch: ReceivedBatch, begun: Begun): void {
    const written = this.#options.files.lane(lane).append(batch);
    const finish = (): void => {
      this.#progress.finish(begun);
      this.#saver.soon();
    };
    if (written === null) finish();
    else written.then(finish, (error: Error) => this.#fail(error));
  }

  async #define(changes: readonly DefinitionChange[], nextQueueId: number, sequence: number): Promise<void> {
    const { files, clock, observer } = this.#options;
    const { definitions } = files;
    await this.#progress.idle();
    if (this.#isEnded) return;
    const gone = goneQueues(definitions, changes);
    definitions.passQueueIds(nextQueueId - 1);
    for (let attempt = 0; ; attempt++) {
      const followed = { ...this.#followed, definitions: sequence };
      try {
        await definitions.change(changes, followed);
        this.#definitions = sequence;
        this.#saver.took(followed.position);
        if (attempt > 0) observer.onTrouble(null);
        break;
      } catch (error) {
        if (isMistake(error) || this.#isEnded || this.#isClosing) throw error;
        observer.onTrouble(error as Error);
        await new Promise<void>((resolve) => {
          const callOff = clock.after(AGAIN, resolve);
          this.#again = () => {
            callOff();
            resolve();
          };
        });
      }
    }
    for (const id of gone) files.deleted(logIdOf(id));
  }
}

/** The ids of queues that some changes remove or make anew, and of where exchanges keep what they hold back. */
function goneQueues(definitions: ReplicaDefinitions, changes: readonly DefinitionChange[]): number[] {
  return changes.flatMap((change) => {
    const before = idsBefore(definitions, change);
    const stays = 'put' in change ? idsOf(change.definition) : [];
    return before.filter((id) => !stays.includes(id));
  });
}

function idsBefore(definitions: ReplicaDefinitions, change: DefinitionChange): number[] {
  if ('put' in change) {
    if (change.put === 'queue') return idsOf(definitions.get('queue', change.definition));
    return change.put === 'exchange' ? idsOf(definitions.get('exchange', change.definition)) : [];
  }
  if (change.remove === 'queue') return idsOf(definitions.get('queue', change.definition));
  return change.remove === 'exchange' ? idsOf(definitions.get('exchange', change.definition)) : [];
}

function idsOf(definition: object | undefined): number[] {
  const { id = 0, waitingId = 0 } = (definition ?? {}) as { readonly id?: number; readonly waitingId?: number };
  return [id, waitingId].filter((one) => one > 0);
}
