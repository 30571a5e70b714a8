/**
 * A node of a cluster for as long as its process lives: one term after the other. What must hold: each begins when the
 * one before has given the data directory up; and why a term could not go on is said once, not at each try.
 */
import type { ClusterStatus } from '../../cluster/protocol/cluster-status.js';
import type { FailureReason } from '../../cluster/protocol/role.js';
import { machineClock } from '../../platform/machine-clock.js';
import type { RunningBroker } from '../broker.js';
import type { ClusterMember } from './cluster-member.js';
import { ClusterWatch } from './cluster-watch.js';
import { JoinError, Term, type TermEnd, type TermOptions } from './term.js';

/** Before another term behind one that has failed (ms). */
const AGAIN_MS = 5_000;

const CURES: Readonly<Record<FailureReason, string>> = {
  'must-copy':
    'the stream has let go of what this node has not applied: its directory must be copied from another node',
  refused: 'the stream is not the one that this node has read, or is damaged: look at its servers',
  store: 'what the cluster says cannot be kept here',
};

export class Member implements ClusterMember {
  readonly #options: TermOptions;
  /** Null: it has not joined yet. */
  #watch: ClusterWatch | null = null;
  #term: Term | null = null;
  /** As it was last known; null: it has not joined yet. */
  #last: ClusterStatus | null = null;
  #isStopping = false;
  #told = '';
  #wake: () => void = () => undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor({ around, ...options }: TermOptions) {
    const member: ClusterMember = {
      status: () => this.watched.status(),
      stepDown: (to) => this.stepDown(to),
      remove: (node) => this.remove(node),
    };
    this.#options = { ...options, around: { ...around, member } };
  }

  /** Resolves when it follows. Throws as `Term.begin` does. */
  static async open(options: TermOptions): Promise<Member> {
    const member = new Member(options);
    const first = await Term.begin(member.#options);
    member.#term = first;
    const watch = new ClusterWatch(member, machineClock, options.around.logger.lines('warning', 'broker'));
    member.#watch = watch;
    member.#ended = member.#live(first).finally(() => watch.stop());
    // Whoever stops it hears of it as well.
    member.#ended.catch(() => undefined);
    return member;
  }

  /** Resolves when it was stopped; rejects by a defect, or where the directory cannot be opened any more. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** The same with what an operator should look at: for the HTTP of a node that follows. */
  get watched(): ClusterMember {
    return this.#watch ?? this;
  }

  /** Between two terms: as it was last known. */
  async status(): Promise<ClusterStatus> {
    this.#last = this.#term?.status ?? this.#last;
    if (this.#last === null) throw new Error('this node has not joined its cluster yet');
    return this.#last;
  }

  /** Null: it serves nobody. */
  get running(): RunningBroker | null {
    return this.#term?.running ?? null;
  }

  /** To a node, or (null) to the one that has applied most. Resolves with false where this one does not lead. */
  async stepDown(to: string | null): Promise<boolean> {
    return (await this.#term?.stepDown(to)) ?? false;
  }

  /** Has all nodes forget one that is gone for good. Resolves with false where nobody has heard of it. */
  async remove(node: string): Promise<boolean> {
    return (await this.#term?.remove(node)) ?? false;
  }

  /** In order: a standby takes over, where there is one. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#term?.stop();
    await this.#ended;
  }

  async #live(first: Term): Promise<void> {
    for (let term: Term | null = first; term !== null; term = await this.#next()) {
      this.#term = term;
      if (this.#isStopping) await term.stop();
      const end = await term.ended;
      this.#last = term.status;
      this.#term = null;
      this.#tell(end);
      if (end.kind === 'failed') await this.#pause();
    }
  }

  /** Null: it is to end. */
  async #next(): Promise<Term | null> {
    while (!this.#isStopping) {
      try {
        return await Term.begin(this.#options);
      } catch (error) {
        if (!(error instanceof JoinError)) throw error;
        this.#say(`this node follows its cluster no more: its stream cannot be had (${error.message})`);
        await this.#pause();
      }
    }
    return null;
  }

  #tell(end: TermEnd): void {
    if (end.kind === 'over') this.#told = '';
    else this.#say(`this node follows its cluster no more: ${CURES[end.reason]} (${end.text})`);
  }

  #say(text: string): void {
    if (text !== this.#told) this.#options.around.logger.lines('error', 'broker')(text);
    this.#told = text;
  }

  async #pause(): Promise<void> {
    if (this.#isStopping) return;
    await new Promise<void>((resolve) => {
      const callOff = machineClock.after(AGAIN_MS, resolve);
      this.#wake = () => {
        callOff();
        resolve();
      };
    });
  }
}
