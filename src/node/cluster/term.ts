/**
 * This folder is a node of a cluster as it lives; only what starts a broker imports it.
 *
 * Here: one term of it: its data directory follows the stream; when the node leads, a broker is opened on the directory;
 * when it leads no more, the broker is ended. What must hold: follower and broker never have the directory at a time; a
 * term that has ended has given it up; and nobody vouches for what a broker wrote whose node leads no more.
 */

import type { ClusterStatus } from '../../cluster/protocol/cluster-status.js';
import type { FailureReason, Role } from '../../cluster/protocol/role.js';
import { followInDirectory } from '../../cluster/replica/standby-directory.js';
import type { Following, Node, NodeEvents } from '../../cluster/replicator/led-node.js';
import { SharedHold } from '../../cluster/replicator/shared-hold.js';
import { fatal } from '../../platform/fatal.js';
import { machineClock } from '../../platform/machine-clock.js';
import { type Around, openBroker, type RunningBroker } from '../broker.js';
import type { ResolvedOptions } from '../options.js';
import type { DataOptions } from '../storage.js';
import type { IdleThreads } from '../workers/worker-threads.js';

/** What a term has that its node is to work with. */
export interface Joining {
  readonly replica: Following;
  readonly hold: SharedHold;
  readonly events: NodeEvents;
}

export interface TermOptions {
  readonly options: ResolvedOptions & { readonly data: DataOptions };
  readonly around: Around;
  /** For a broker, once this node leads. */
  readonly startThreads: () => IdleThreads;
  /** Makes this term's node. */
  readonly join: (joining: Joining) => Promise<Node>;
  readonly observer: TermObserver;
}

export interface TermObserver {
  onRole(role: Role): void;
  /** A broker serves; null: it does not any more, and its listeners are closed. */
  onRunning(broker: RunningBroker | null): void;
}

export type TermEnd =
  | { readonly kind: 'over' }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly text: string };

/** The cluster's stream cannot be had; the message says why. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
}

/** How long a standby may take to lead when it is asked to, before the node that leads ends all the same (ms). */
const HAND_OVER_MS = 5_000;
/** A standby that was heard of within this can take over (ms). */
const HEARD_MS = 3_000;

export class Term {
  readonly #options: TermOptions;
  readonly #hold: SharedHold;
  readonly #node: Node;
  #opening: Promise<RunningBroker> | null = null;
  #running: RunningBroker | null = null;
  #isOver = false;
  /** Why the broker could not be opened. */
  #refused: Error | null = null;
  #finish: (end: TermEnd) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  /** Resolves when the directory is given up; rejects by a defect. */
  readonly ended = new Promise<TermEnd>((resolve, reject) => {
    this.#finish = resolve;
    this.#reject = reject;
  });

  private constructor(options: TermOptions, node: Node, hold: SharedHold) {
    this.#options = options;
    this.#node = node;
    this.#hold = hold;
  }

  /** Throws a DataDirectoryError where the directory cannot be used, and a JoinError where the stream cannot be had. */
  static async begin(options: TermOptions): Promise<Term> {
    const { data } = options.options;
    const report = options.around.logger.lines('warning', 'storage');
    const hold = new SharedHold();
    // What comes before there is a term waits for it.
    const early: ((term: Term) => void)[] = [];
    let begun: Term | null = null;
    const tell = (what: (term: Term) => void): void => {
      if (begun === null) early.push(what);
      else what(begun);
    };
    const replica = await followInDirectory({
      directory: data.directory,
      skipUnreadable: data.skipUnreadable,
      dropUnknownQueues: data.dropUnknownQueues,
      clock: machineClock,
      report,
      isTight: () => false,
      observer: {
        onFailed: (error) => tell((term) => term.#node.fail(error)),
        onTrouble: (error) => {
          if (error !== null) report(`what the cluster's leader says cannot be written (${error.message})`);
        },
      },
    });
    try {
      const events: NodeEvents = {
        onLead: () => tell((term) => term.#lead()),
        onHandOver: (ready) => tell((term) => term.#handOver(ready)),
        onRole: (role) => tell((term) => term.#onRole(role)),
        onTrouble: (text) => {
          if (text !== null) options.around.logger.lines('warning', 'broker')(`the cluster's stream: ${text}`);
        },
      };
      const node = await options.join({ replica, hold, events }).catch((error: Error) => {
        throw new JoinError(error.message, { cause: error });
      });
      begun = new Term(options, node, hold);
    } catch (error) {
      await replica.close();
      throw error;
    }
    for (const what of early) what(begun);
    return begun;
  }

  get status(): ClusterStatus {
    return this.#node.status;
  }

  get running(): RunningBroker | null {
    return this.#running;
  }

  stepDown(to: string | null): Promise<boolean> {
    return this.#node.stepDown(to);
  }

  remove(name: string): Promise<boolean> {
    return this.#node.remove(name);
  }

  /** Ends in order: a standby takes over, where there is one. */
  async stop(): Promise<void> {
    const canTakeOver = this.#node.status.members.some(
      ({ state, seenAgo }) => state === 'standby' && seenAgo <= HEARD_MS,
    );
    const handsOver = canTakeOver && (await this.#node.stepDown(null));
    if (handsOver) {
      let callOff = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        callOff = machineClock.after(HAND_OVER_MS, resolve);
      });
      await Promise.race([this.ended, late]);
      callOff();
    }
    // Whoever was asked to take over may do so yet.
    this.#over({ kind: 'over' }, !handsOver);
    await this.ended;
  }

  #lead(): void {
    if (this.#isOver) return;
    const { options, around, startThreads, observer } = this.#options;
    const threads = startThreads();
    this.#opening = openBroker(options, null, threads, around, { node: this.#node, hold: this.#hold });
    this.#opening.then(
      (running) => {
        if (this.#isOver) return;
        this.#running = running;
        observer.onRunning(running);
      },
      (error: Error) => {
        this.#refused = error;
        for (const { thread } of [...threads.workers, ...(threads.management === null ? [] : [threads.management])])
          thread.terminate().catch(fatal);
        this.#node.fail(error);
        // It may be over already: opening a broker ends the node, where that fails.
        this.#over(failed('store', error), false);
      },
    );
  }

  #handOver(ready: () => void): void {
    const opening = this.#opening;
    if (opening === null) ready();
    else opening.then((running) => running.paused()).then(ready, ready);
  }

  #onRole(role: Role): void {
    this.#options.observer.onRole(role);
    if (role.kind === 'deposed') this.#over({ kind: 'over' }, false);
    if (role.kind === 'failed') this.#over(failed(role.reason, role.error), false);
  }

  /** `vouches`: this is an orderly end, and no other node serves. */
  #over(end: TermEnd, vouches: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#giveUp(vouches).then(
      () => this.#finish(this.#refused === null ? end : failed('store', this.#refused)),
      (error: Error) => this.#reject(error),
    );
  }

  async #giveUp(vouches: boolean): Promise<void> {
    const running = await this.#opening?.catch(() => null);
    if (this.#running !== null) this.#options.observer.onRunning(null);
    this.#running = null;
    try {
      await running?.close(vouches);
    } finally {
      // What it applies to has ended with the broker, where there was one.
      await this.#node.stop();
    }
  }
}

function failed(reason: FailureReason, { message }: Error): TermEnd {
  return { kind: 'failed', reason, text: message };
}
