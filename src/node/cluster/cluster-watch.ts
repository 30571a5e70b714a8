/**
 * Watches over a node of a cluster, and tells in plain words what an operator should look at: in the log when it begins
 * and when it is over, and to whoever asks the node how it is. What must hold: each alarm is told once while it lasts;
 * whoever is asked for the node is asked for it as before, but for the alarms.
 */
import type { Clock } from '../../platform/clock.js';
import { fatal } from '../../platform/fatal.js';
import type { ClusterMember, ClusterReport } from './cluster-member.js';

/** Between two looks (ms). */
const LOOK_MS = 1_000;
/** How long a member may be silent, which tells of itself each second (ms). */
const SILENT_MS = 60_000;
/** How long the stream may take nothing, or give no answer (ms). */
const SLOW_MS = 5_000;

interface Alarm {
  /** What it is about: its text may change while it lasts. */
  readonly about: string;
  readonly text: string;
}

export class ClusterWatch implements ClusterMember {
  readonly #member: ClusterMember;
  readonly #clock: Clock;
  readonly #report: (line: string) => void;
  /** As they were told, by what they are about. */
  #raised: ReadonlyMap<string, string> = new Map();
  /** Since when the stream has taken nothing of what waits; null: nothing waits, or it has. */
  #stalledSince: number | null = null;
  #appends = 0;
  #troubledSince: number | null = null;
  #endTimer: () => void;
  #isOver = false;

  /** `report`: warnings of the log. */
  constructor(member: ClusterMember, clock: Clock, report: (line: string) => void) {
    this.#member = member;
    this.#clock = clock;
    this.#report = report;
    this.#endTimer = clock.after(LOOK_MS, () => this.#tick());
  }

  get alarms(): readonly string[] {
    return [...this.#raised.values()];
  }

  async status(): Promise<ClusterReport> {
    return { ...(await this.#member.status()), alarms: this.alarms };
  }

  stepDown(to: string | null): Promise<boolean> {
    return this.#member.stepDown(to);
  }

  remove(node: string): Promise<boolean> {
    return this.#member.remove(node);
  }

  /** Ends the looks; alarms stay as they are. */
  stop(): void {
    this.#isOver = true;
    this.#endTimer();
  }

  /** By a timer; and by tests. */
  async look(): Promise<void> {
    const found = await this.#found();
    if (!this.#isOver) this.#tell(found);
  }

  #tick(): void {
    this.look()
      .then(() => {
        if (!this.#isOver) this.#endTimer = this.#clock.after(LOOK_MS, () => this.#tick());
      })
      .catch(fatal);
  }

  async #found(): Promise<readonly Alarm[]> {
    let report: ClusterReport;
    try {
      report = await this.#member.status();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [{ about: 'this node', text: `this node does not tell how it is: ${reason}` }];
    }
    return [...membersFound(report), ...this.#streamFound(report, this.#clock.elapsed())];
  }

  #streamFound({ waiting, counts, trouble, weaknesses }: ClusterReport, now: number): readonly Alarm[] {
    const stands = waiting > 0 && counts.appends === this.#appends;
    this.#appends = counts.appends;
    this.#stalledSince = stands ? (this.#stalledSince ?? now) : null;
    this.#troubledSince = trouble === null ? null : (this.#troubledSince ?? now);
    const alarms: Alarm[] = weaknesses.map((weakness) => ({
      about: `weakness ${weakness}`,
      text: `the stream promises less than it should: ${weakness}`,
    }));
    if (isLong(this.#stalledSince, now))
      alarms.push({
        about: 'stalled',
        text: `the stream has taken nothing for ${SLOW_MS / 1000} s: publishers wait until it does`,
      });
    if (trouble !== null && isLong(this.#troubledSince, now))
      alarms.push({ about: 'trouble', text: `this node is in trouble with the stream: ${trouble}` });
    return alarms;
  }

  #tell(found: readonly Alarm[]): void {
    const raised = new Map(found.map(({ about, text }) => [about, this.#raised.get(about) ?? text]));
    for (const [about, text] of raised) if (!this.#raised.has(about)) this.#report(text);
    for (const [about, text] of this.#raised) if (!raised.has(about)) this.#report(`this is over: ${text}`);
    this.#raised = raised;
  }
}

function isLong(since: number | null, now: number): boolean {
  return since !== null && now - since >= SLOW_MS;
}

function membersFound({ name: own, members }: ClusterReport): readonly Alarm[] {
  return members
    .filter(({ name }) => name !== own)
    .flatMap(({ name, seenAgo, trouble }): readonly Alarm[] => {
      if (seenAgo > SILENT_MS)
        return [
          {
            about: `node ${name}`,
            text: `node ${name} was not heard of for a minute: until it is back, one node less can take over`,
          },
        ];
      return trouble === null ? [] : [{ about: `node ${name}`, text: `node ${name} is in trouble: ${trouble}` }];
    });
}
