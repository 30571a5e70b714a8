/**
 * One node of a cluster, over a stream that several follow: it reads what counts into its store, and leads when nobody
 * else does. One thread, no timer and no file of its own, so that simulations have the same code. What must hold:
 *
 * - The store gets every record that counts, in order, on leader and standbys alike, and none behind an error.
 * - Who leads has its fence in the stream, and serves when its store has all that stands before it.
 * - `done` is told when it is certain that the record stands in the stream and counts, in the order of `append`. What
 *   a deposed leader was not told of is told to be fenced, and nothing comes behind that.
 * - No two nodes serve at a time (timing.ts), if who delivers asks `hold` first, or goes by `onCertain`.
 */

import type { Clock } from '../../platform/clock.js';
import { type RecordBody, readBody } from '../records/record-bodies.js';
import { RecordError } from '../records/record-error.js';
import { RecordKind } from '../records/record-layout.js';
import type { StreamRecord } from '../records/record-reader.js';
import type { LogStream, StreamInfo } from '../stream/log-stream.js';
import { Candidacy } from './candidacy.js';
import type { ClusterStatus } from './cluster-status.js';
import { Follower } from './follower.js';
import { LeaderHold } from './leader-hold.js';
import { Members } from './members.js';
import type { Presence } from './presence.js';
import type { ReplicaStore } from './replica-store.js';
import type { Hold, Role } from './role.js';
import { type Outcome, Sequencer } from './sequencer.js';
import { type Survey, survey } from './survey.js';
import { LIMITS, type Limits, TIMING, type Timing, wrongTiming } from './timing.js';

/** What a leader may append; fences, beats and hand-overs are its own. */
export type AppendKind =
  | typeof RecordKind.BATCH
  | typeof RecordKind.DEFINITIONS
  | typeof RecordKind.KNOWN
  | typeof RecordKind.DELETED;

/** Callbacks must not throw, and may call the node. */
export interface NodeObserver {
  onRole(role: Role): void;
  /** Its store has all that counts before its fence: it may recover and serve. Beats go on by themselves meanwhile. */
  onLead(epoch: number): void;
  /** Told by a timer as well, so a thread that was stopped learns of it late: who delivers looks at the time itself. */
  onHold(hold: Hold): void;
  /** An append that was sent at this time (`Clock.elapsed`) is certain: serving may go on until `pauseAfter` behind. */
  onCertain(sentAt: number): void;
  /** `append` takes more again, after it was full. */
  onDrain(): void;
  /** Nothing may be delivered from now on, in this epoch: `ready` is called when nothing is any more. */
  onHandOver(ready: () => void): void;
  /** The stream gives no answer, or ends before what was read; null: that is over. */
  onTrouble(trouble: string | null): void;
}

export interface NodeOptions {
  readonly name: string;
  readonly stream: LogStream;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly store: ReplicaStore;
  readonly presence: Presence;
  readonly observer: NodeObserver;
  /** What it tells of itself. */
  readonly version: string;
  readonly address: string | null;
  /** The stream's server on this machine: as a leader the node moves the stream's leader away from it. */
  readonly besides?: string | null;
  readonly weaknesses?: readonly string[];
  readonly timing?: Timing;
  readonly limits?: Limits;
}

export class ClusterNode {
  readonly #options: NodeOptions;
  readonly #timing: Timing;
  readonly #limits: Limits;
  readonly #follower: Follower;
  readonly #candidacy: Candidacy;
  readonly #hold: LeaderHold;
  readonly #members: Members;
  #sequencer: Sequencer | null = null;
  #role: Role = { kind: 'catching-up' };
  /** What there was to read when it began; null: not yet known. */
  #goal: number | null = null;
  /** By the last fence that was read. */
  #leader: string | null = null;
  /** Of its own, while it leads. */
  #fence = 0;
  /** Since when it has led without having been cut off. */
  #leadsSince = 0;
  #candidateSince = 0;
  #handsTo: string | null = null;
  #isHandingOver = false;
  #wasFull = false;
  #info: StreamInfo | null = null;
  #trouble: string | null = null;
  #endTick: () => void = () => {};
  #purgedAt = 0;
  readonly #counts = { appends: 0, records: 0, octets: 0, strays: 0, takeOvers: 0 };
  #takeOverMs: number | null = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#timing = options.timing ?? TIMING;
    this.#limits = options.limits ?? LIMITS;
    const { name, stream, clock, random, store, presence } = options;
    this.#members = new Members(name);
    const wrong = wrongTiming(this.#timing);
    if (wrong !== null) throw new RangeError(wrong);
    this.#follower = new Follower(stream, store, this.#limits.unapplied, {
      onCounted: (records) => this.#onCounted(records),
      onStray: () => {
        this.#counts.strays += 1;
      },
      onApplied: () => this.#onApplied(),
      onFailed: (reason, error) => this.#end({ kind: 'failed', reason, error }),
    });
    this.#hold = new LeaderHold(clock, this.#timing, (hold) => this.#onHold(hold));
    this.#candidacy = new Candidacy({
      stream,
      clock,
      random,
      timing: this.#timing,
      end: () => this.#follower.end,
      observer: {
        onBegin: () => this.#onLeaseEnd(),
        onSurvey: (answer) => this.#onSurvey(answer),
        onReady: () => this.#toFence(),
      },
    });
    presence.onStatus((status) => this.#members.hear(status, clock.elapsed()));
    this.#follower.follow();
    this.#tick();
  }

  get role(): Role {
    return this.#role;
  }

  /** How far the store is durable. */
  get applied(): number {
    return this.#follower.applied;
  }

  /** Nobody should append more until `onDrain`; what is appended is taken all the same. */
  get isFull(): boolean {
    const waiting = this.#sequencer?.octets ?? 0;
    this.#wasFull ||= waiting >= this.#limits.waiting || this.#follower.isFull;
    return this.#wasFull;
  }

  /** Whether what is about to be done may be done at this time (`Clock.elapsed`). */
  hold(now: number): Hold {
    return this.#hold.at(now);
  }

  /** `body`: pieces, as record-bodies.ts makes them; they are not written to again. `done` comes later, once. */
  append(kind: AppendKind, body: readonly Uint8Array[], done: (outcome: Outcome) => void): void {
    if (this.#role.kind === 'leader') this.#sequencer?.append(kind, body, done);
    else this.#options.clock.after(0, () => done({ kind: 'fenced' }));
  }

  /**
   * As a leader that serves: hands over, to this node or (null) to the standby that has applied most. False: it does
   * not serve, or hands over already.
   */
  stepDown(given: string | null): boolean {
    const role = this.#role;
    if (role.kind !== 'leader' || !role.serves || this.#isHandingOver) return false;
    const to = given ?? this.#members.mostApplied(2 * this.#timing.status, this.#options.clock.elapsed());
    this.#isHandingOver = true;
    this.#handsTo = to;
    const sequencer = this.#sequencer;
    this.#hold.handOver();
    this.#options.observer.onHandOver(() => sequencer?.handOver(to));
    return true;
  }

  /**
   * Has all nodes forget one that is gone for good, as if it had ended in order: nobody waits for it, until it tells of
   * itself again. False: nobody has heard of it.
   */
  remove(name: string): boolean {
    const status = this.#members.find(name);
    if (status === null) return false;
    const leaving = { ...status, leaves: true };
    this.#members.hear(leaving, this.#options.clock.elapsed());
    this.#options.presence.publish(leaving);
    return true;
  }

  /** Its files have failed: it follows and leads no more. */
  fail(error: Error): void {
    this.#end({ kind: 'failed', reason: 'store', error });
  }

  /** Ends it; what waits is told to be fenced. What is in flight may still come in. */
  stop(): void {
    this.#end({ kind: 'stopped' });
  }

  get status(): ClusterStatus {
    const { name, clock, stream, weaknesses } = this.#options;
    const now = clock.elapsed();
    const { sequence: read, epoch } = this.#follower.end;
    const last = Math.max(read, this.#info?.last ?? 0);
    const members = this.#members.views(last, now);
    const told = members.find((member) => member.state === 'leader' && member.epoch === epoch);
    return {
      name,
      role: this.#role,
      epoch,
      leader: this.#leader ?? told?.name ?? null,
      hold: this.#hold.at(now),
      read,
      applied: this.applied,
      waiting: this.#sequencer?.octets ?? 0,
      members,
      stream: this.#info === null ? null : { state: stream.state, ...this.#info },
      weaknesses: weaknesses ?? [],
      trouble: this.#trouble,
      counts: { ...this.#counts, takeOverMs: this.#takeOverMs },
    };
  }

  get #isOver(): boolean {
    const { kind } = this.#role;
    return kind === 'deposed' || kind === 'failed' || kind === 'stopped';
  }

  #become(role: Role): void {
    this.#role = role;
    this.#tell();
    this.#options.observer.onRole(role);
  }

  /** Nothing comes behind it. */
  #end(role: Role): void {
    if (this.#isOver) return;
    this.#role = role;
    this.#follower.stop();
    this.#candidacy.stop();
    this.#endTick();
    this.#hold.end();
    this.#sequencer?.end();
    this.#tell();
    this.#options.observer.onRole(role);
  }

  #tell(): void {
    const { name, version, address, presence } = this.#options;
    const { sequence: read, epoch } = this.#follower.end;
    const { applied } = this;
    const trouble = this.#role.kind === 'failed' ? this.#role.error.message : this.#trouble;
    presence.publish({ name, version, address, state: this.#role.kind, epoch, read, applied, trouble });
  }

  #troubled(trouble: string | null): void {
    if (trouble === this.#trouble || this.#isOver) return;
    this.#trouble = trouble;
    this.#options.observer.onTrouble(trouble);
  }

  #onCounted(records: readonly StreamRecord[]): void {
    this.#candidacy.hear();
    if (this.#role.kind === 'candidate' && this.#sequencer === null) this.#become({ kind: 'standby' });
    for (const record of records) {
      const isOfRole = record.kind === RecordKind.FENCE || record.kind === RecordKind.HANDOVER;
      if (isOfRole) this.#onRoleRecord(readBody(record));
    }
    this.#caughtUp();
  }

  #onRoleRecord(body: RecordBody): void {
    if (body.kind === 'fence') this.#leader = body.node;
    if (body.kind !== 'handover' || this.#sequencer !== null) return;
    const { name } = this.#options;
    if (body.to === name) this.#candidacy.takeOver(true);
    else if (body.to === null && this.#leader !== name) this.#candidacy.takeOver(false);
  }

  #caughtUp(): void {
    if (this.#role.kind !== 'catching-up' || this.#goal === null) return;
    if (this.#follower.end.sequence >= this.#goal) this.#become({ kind: 'standby' });
  }

  #onApplied(): void {
    this.#serve();
    this.#drained();
  }

  /** It serves once its store has all before its fence; not when it hears so late of its fence that another may lead. */
  #serve(): void {
    const role = this.#role;
    if (role.kind !== 'leader' || role.serves || this.applied < this.#fence) return;
    const now = this.#options.clock.elapsed();
    if (this.#hold.at(now) !== 'serve') return;
    this.#takeOverMs = now - this.#candidateSince;
    this.#become({ ...role, serves: true });
    this.#options.observer.onLead(role.epoch);
  }

  #onHold(hold: Hold): void {
    if (hold === 'serve') this.#leadsSince = this.#options.clock.elapsed();
    this.#options.observer.onHold(hold);
  }

  #drained(): void {
    const waiting = this.#sequencer?.octets ?? 0;
    if (!this.#wasFull || 2 * waiting > this.#limits.waiting || this.#follower.isFull) return;
    this.#wasFull = false;
    this.#options.observer.onDrain();
  }

  #onLeaseEnd(): void {
    this.#candidateSince = this.#options.clock.elapsed();
    if (this.#role.kind === 'standby') this.#become({ kind: 'candidate' });
  }

  #onSurvey(answer: Survey): void {
    switch (answer.kind) {
      case 'refused':
        this.#end({ kind: 'failed', reason: 'refused', error: answer.error });
        return;
      case 'unknown':
        this.#troubled(answer.error.message);
        return;
      case 'behind': {
        const { sequence } = this.#follower.end;
        this.#troubled(`the stream ends with message ${answer.info.last}, and ${sequence} was read: it has gone back`);
        return;
      }
      case 'purged':
        // The tail ends by that.
        return;
      case 'same':
      case 'more':
        this.#info = answer.info;
        this.#goal ??= answer.info.last;
        if (this.#sequencer === null) this.#troubled(null);
        this.#caughtUp();
        return;
      default:
        answer satisfies never;
    }
  }

  /** Behind all that was read: whoever is first leads. */
  #toFence(): void {
    const { name, stream, clock } = this.#options;
    if (this.#isOver) return;
    this.#follower.leave();
    const follower = this.#follower;
    this.#sequencer = new Sequencer({
      name,
      stream,
      clock,
      end: follower.end,
      // What cannot be there counts as another's: `onDeposed` looks.
      judge: (sequence, octets) => (follower.judge(sequence, octets) === 'stray' ? 'stray' : 'counts'),
      observer: {
        onOwn: (sequence, octets, sentAt) => this.#onOwn(sequence, octets, sentAt),
        onStray: (sequence, octets) => follower.take(sequence, octets, false),
        onDeposed: (sequence, octets) => this.#onDeposed(sequence, octets),
        onTrouble: (error) => this.#troubled(error?.message ?? 'the stream ends before what was appended'),
        onHandedOver: () => this.#onHandedOver(),
        onLess: () => this.#drained(),
      },
      limits: this.#limits,
      beat: this.#timing.beat,
    });
    if (this.#role.kind !== 'candidate') this.#become({ kind: 'candidate' });
  }

  #onOwn(sequence: number, octets: Uint8Array, sentAt: number): void {
    const { observer } = this.#options;
    const before = this.#follower.end.epoch;
    this.#follower.take(sequence, octets, true);
    if (this.#isOver) return;
    this.#counts.appends += 1;
    this.#counts.octets += octets.length;
    this.#members.onSent(sequence, sentAt);
    this.#troubled(null);
    if (this.#role.kind !== 'leader') {
      this.#fence = sequence;
      this.#counts.takeOvers += 1;
      this.#become({ kind: 'leader', epoch: before + 1, serves: false });
    }
    this.#hold.renew(sentAt);
    observer.onCertain(sentAt);
    this.#serve();
  }

  /** Null: what another one wrote there is purged already. */
  #onDeposed(sequence: number, octets: Uint8Array | null): void {
    const role = this.#role;
    const judged = octets === null ? 'counts' : this.#judgeOther(sequence, octets);
    if (judged instanceof RecordError) {
      this.#end({ kind: 'failed', reason: 'refused', error: judged });
    } else if (role.kind === 'leader') {
      this.#end({ kind: 'deposed', epoch: role.epoch });
    } else {
      // Another one's fence was first.
      this.#sequencer?.end();
      this.#sequencer = null;
      this.#candidacy.again();
      if (octets !== null) this.#follower.take(sequence, octets, false);
      if (this.#isOver) return;
      this.#become({ kind: 'standby' });
      this.#follower.follow();
    }
  }

  #judgeOther(sequence: number, octets: Uint8Array): 'counts' | 'stray' | RecordError {
    if (sequence > this.#follower.end.sequence) return this.#follower.judge(sequence, octets);
    return new RecordError(
      'backward',
      sequence,
      'another message stands where this node had written: it has gone back',
    );
  }

  #onHandedOver(): void {
    if (this.#role.kind === 'leader') this.#end({ kind: 'deposed', epoch: this.#role.epoch, to: this.#handsTo });
  }

  /** Tells of itself, asks whether the stream is still what was read, and lets go of what all have. */
  #tick(): void {
    const { clock, stream } = this.#options;
    this.#endTick = clock.after(this.#timing.status, () => this.#tick());
    this.#tell();
    survey(stream, this.#follower.end, (answer) => {
      if (this.#isOver) return;
      this.#onSurvey(answer);
      if (answer.kind === 'same' || answer.kind === 'more') this.#keepStream(answer.info);
    });
  }

  #keepStream(info: StreamInfo): void {
    const { clock, stream, besides } = this.#options;
    const now = clock.elapsed();
    const isDue = now - this.#purgedAt >= this.#timing.purge;
    if (this.#role.kind !== 'leader' || !isDue) return;
    this.#purgedAt = now;
    const { memberSeen } = this.#timing;
    const upTo = this.#members.purgeable(this.applied, info, now, memberSeen, this.#limits.kept, this.#leadsSince);
    if (upTo !== null) stream.purge(upTo, () => {});
    const other = info.replicas.find(({ server, isCurrent }) => isCurrent && server !== besides);
    if (besides != null && info.leader === besides && other !== undefined) stream.moveLeader(other.server, () => {});
  }
}
