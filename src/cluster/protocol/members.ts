/**
 * Who belongs to the cluster, as far as this node has heard, and what the leader may let go of for them. What must
 * hold: a node that was heard of lately never has to copy because the leader let go of what it has not applied, unless
 * the stream would be larger than it may be; what goes is on the leader's disk, and on another one's too, with the same
 * exception: else what was confirmed would be gone with the leader's machine.
 */
import type { StreamInfo } from '../stream/log-stream.js';
import type { MemberView } from './cluster-status.js';
import type { MemberStatus } from './presence.js';

interface Member {
  readonly status: MemberStatus;
  /** By this node's clock. */
  readonly seenAt: number;
}

/** A stream that is too large is purged down to this much of what it may have. */
const SHARE = 0.9;
/** Messages of which a leader knows when they were sent. */
const SENT_MAX = 4096;

export class Members {
  readonly #members = new Map<string, Member>();
  /** What this node has appended lately, in order. */
  #sent: { readonly sequence: number; readonly sentAt: number }[] = [];

  /** `name`: of this node, which hears itself, too. */
  constructor(private readonly name: string) {}

  hear(status: MemberStatus, now: number): void {
    if (status.leaves === true) this.#members.delete(status.name);
    else this.#members.set(status.name, { status, seenAt: now });
  }

  /** What was last heard of this one; null: nothing, or it has ended in order. */
  find(name: string): MemberStatus | null {
    return this.#members.get(name)?.status ?? null;
  }

  onSent(sequence: number, sentAt: number): void {
    this.#sent.push({ sequence, sentAt });
    if (this.#sent.length > 2 * SENT_MAX) this.#sent = this.#sent.slice(-SENT_MAX);
  }

  views(last: number, now: number): MemberView[] {
    return [...this.#members.values()].map(({ status, seenAt }) => {
      const lag = Math.max(0, last - status.applied);
      return { ...status, seenAgo: now - seenAt, lag, lagMs: this.#lagMs(status.applied, lag, now) };
    });
  }

  /** At least so long, where the first that is missing was sent before what is known. */
  #lagMs(applied: number, lag: number, now: number): number | null {
    if (lag === 0) return 0;
    const first = this.#sent.find(({ sequence }) => sequence > applied);
    return first === undefined ? null : now - first.sentAt;
  }

  /** The standby that has applied most, of those that were heard of within this; null: there is none. */
  mostApplied(within: number, now: number): string | null {
    let best: MemberStatus | null = null;
    for (const { status, seenAt } of this.#members.values()) {
      if (status.state !== 'standby' || now - seenAt > within) continue;
      if (best === null || status.applied > best.applied) best = status;
    }
    return best?.name ?? null;
  }

  /** Up to where another node has all on its disk, however long ago it told. Who copies has nothing of its own yet. */
  #elsewhere(): number {
    let applied = 0;
    for (const { status } of this.#members.values()) {
      if (status.name !== this.name && status.state !== 'copying') applied = Math.max(applied, status.applied);
    }
    return applied;
  }

  /**
   * Up to where the stream may be purged; null: nowhere. `own`: what the leader has applied. `since`: since when it has
   * led and heard: sooner than `seen` behind that, it may not have heard of all that there are.
   */
  purgeable(
    own: number,
    { first, last, octets }: StreamInfo,
    now: number,
    seen: number,
    keptMax: number,
    since: number,
  ) {
    let upTo = 0;
    if (now - since >= seen) {
      const applied = [...this.#members.values()]
        .filter(({ seenAt }) => now - seenAt <= seen)
        .map(({ status }) => status.applied);
      upTo = Math.min(own, this.#elsewhere(), ...applied);
    }
    if (octets > keptMax) {
      // Nobody knows how long each is: in proportion, and again the next time.
      const share = 1 - (SHARE * keptMax) / octets;
      upTo = Math.max(upTo, Math.min(own, first - 1 + Math.floor(share * (last - first + 1))));
    }
    return upTo >= first ? upTo : null;
  }
}
