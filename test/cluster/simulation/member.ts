/**
 * A machine of the simulated cluster: its disk, and the lives of its process on it. What ends a life, and what that
 * leaves of the disk, is said by the run; what a node asks for (to be made anew, to copy) is done here.
 */
import { ClusterNode } from '../../../src/cluster/protocol/cluster-node.js';
import type { MemoryPresences } from '../../../src/cluster/protocol/memory-presence.js';
import type { MemberStatus, Presence } from '../../../src/cluster/protocol/presence.js';
import type { Role } from '../../../src/cluster/protocol/role.js';
import type { Limits, Timing } from '../../../src/cluster/protocol/timing.js';
import type { MemoryStream } from '../../../src/cluster/stream/memory-stream.js';
import type { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { type Random, SimulatedDirectory } from '../../store/support/simulated.js';
import { Broker } from './broker.js';
import { DiskStore } from './disk-store.js';
import { Gate, gated, ProcessClock } from './gate.js';
import type { Ledger } from './ledger.js';

export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly stream: MemoryStream;
  readonly presences: MemoryPresences;
  readonly ledger: Ledger;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly number: () => number;
  /** Where regressions are, refusing is right. */
  readonly mayRefuse: boolean;
}

/** ms between a leader's turns, and that a sync takes at most. */
const PACE = 80;
const SYNC = 60;

export class Member {
  /** Null: it is down. */
  #life: Life | null = null;
  #disk = new SimulatedDirectory();
  /** Durable, as was told. */
  #told = 0;
  /** It refused the stream: it stays down. */
  refused: Error | null = null;
  copies = 0;
  /** What others have told this life of it, and those before; times are of its clock. */
  readonly heard = new Map<string, { readonly applied: number; readonly at: number; readonly isCopying: boolean }>();
  onDown: (what: 'deposed' | 'must-copy') => void = () => {};

  constructor(
    readonly name: string,
    readonly around: Surroundings,
    private readonly offset: number,
    private readonly rate: number,
  ) {}

  get life(): Life | null {
    return this.#life;
  }
  /** Up to where its disk has all, whatever befalls it. */
  get durable(): number {
    return Math.max(this.#told, this.#life?.store.told ?? 0);
  }

  start(): void {
    if (this.#life !== null || this.refused !== null) return;
    const { ledger } = this.around;
    this.#life = new Life(this, this.#disk, this.offset, this.rate);
    const { sequence } = this.#life.store.position;
    if (sequence < this.#told) ledger.breaks(`${this.name} told ${this.#told} as durable, and has up to ${sequence}`);
  }

  /** The process dies; power: what was not synced is lost in part. */
  kill(how: 'kill' | 'power'): void {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    const { directory, told } = life.store;
    this.#told = Math.max(this.#told, told);
    this.#disk = how === 'power' ? directory.powerLoss(this.around.random) : directory.kill();
    life.end();
  }

  loseDisk(): void {
    this.kill('kill');
    this.#disk = new SimulatedDirectory();
    this.#told = 0;
  }

  /** Has the durable files of another one. */
  copy(source: Life): void {
    this.loseDisk();
    this.copies += 1;
    this.#disk = DiskStore.copyOf(source.store, this.around.clock, this.around.random);
    // Who copies is waited for, too.
    this.around.presences.tell(this.name, { ...source.told, name: this.name, state: 'copying' });
  }

  onRole(role: Role): void {
    if (role.kind === 'deposed') {
      this.kill('kill');
      this.onDown('deposed');
    } else if (role.kind === 'failed' && role.reason === 'must-copy') {
      this.kill('kill');
      this.onDown('must-copy');
    } else if (role.kind === 'failed') {
      if (!this.around.mayRefuse) this.around.ledger.breaks(`${this.name} refuses: ${role.error.message}`);
      this.refused = role.error;
      this.kill('kill');
    }
  }
}

export class Life {
  readonly gate = new Gate();
  readonly store: DiskStore;
  readonly node: ClusterNode;
  told: MemberStatus;
  readonly #presence: Presence;
  readonly #close: () => void;
  #epoch = 0;

  constructor(
    private readonly member: Member,
    disk: SimulatedDirectory,
    offset: number,
    rate: number,
  ) {
    const { name, around } = member;
    const clock = new ProcessClock(around.clock, this.gate, offset, rate);
    const { random, stream, presences, ledger, timing, limits } = around;
    this.store = new DiskStore(disk, clock, random, random() < 0.2 ? 10 * SYNC : SYNC);
    const handle = stream.connect(name);
    this.#close = () => handle.close().catch(() => {});
    this.#presence = presences.connect(name);
    this.told = {
      name,
      version: '1',
      address: null,
      state: 'catching-up',
      epoch: 0,
      read: 0,
      applied: this.store.position.sequence,
      trouble: null,
    };
    this.node = new ClusterNode({
      name,
      stream: gated(handle, this.gate, (upTo) => this.#onPurge(upTo, clock.elapsed())),
      clock,
      random,
      store: this.store,
      presence: {
        publish: (status) => {
          this.told = status;
          this.#presence.publish(status);
        },
        onStatus: (listener) =>
          this.#presence.onStatus((status) =>
            this.gate.run(() => {
              const isCopying = status.state === 'copying';
              member.heard.set(status.name, { applied: status.applied, at: clock.elapsed(), isCopying });
              listener(status);
            }),
          ),
        close: () => {},
      },
      version: '1',
      address: null,
      timing,
      limits,
      observer: {
        onRole: (role) => {
          if (role.kind === 'leader' && this.#epoch === 0) {
            this.#epoch = role.epoch;
            ledger.onLeader(name, role.epoch);
          }
          // Behind what it does just now.
          const isEnd = role.kind === 'deposed' || role.kind === 'failed';
          if (isEnd) clock.after(0, () => member.onRole(role));
        },
        onLead: (epoch) => {
          // What it has by then of its own epoch is its fence, and beats.
          ledger.onServes(name, this.store.records);
          const { number } = around;
          const recover = () => {
            new Broker({ name, node: this.node, epoch, clock, random, ledger, pace: PACE, number }, this.store.records);
          };
          clock.after(random() * 500, recover);
        },
        onHold: () => {},
        onCertain: () => {},
        onDrain: () => {},
        onHandOver: (ready) => {
          clock.after(random() * 300, ready);
        },
        onTrouble: () => {},
      },
    });
  }

  get name(): string {
    return this.member.name;
  }
  get serves(): boolean {
    const { role } = this.node;
    return role.kind === 'leader' && role.serves;
  }

  /** Nobody loses what it was told of lately to be missing, nor has the only copy, unless the stream is too large. */
  #onPurge(upTo: number, now: number): void {
    const { ledger, stream, timing, limits } = this.member.around;
    if (stream.octets > limits.kept) return;
    for (const [name, { applied, at }] of this.member.heard) {
      if (now - at > timing.memberSeen || upTo <= applied) continue;
      ledger.breaks(`${this.name} purges up to ${upTo}, and was told that ${name} has applied ${applied}`);
    }
    const holds = [...this.member.heard].some(
      ([name, { applied, isCopying }]) => name !== this.name && !isCopying && applied >= upTo,
    );
    if (!holds) ledger.breaks(`${this.name} purges up to ${upTo}, and nobody else has told to have that`);
    if (upTo > this.store.position.sequence) ledger.breaks(`${this.name} purges what it has not applied itself`);
  }

  end(): void {
    this.gate.die();
    this.#presence.close();
    this.#close();
  }
}
