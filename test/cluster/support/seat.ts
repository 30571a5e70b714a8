/** A node over the stream in memory, and what it was told: for tests that tell a story. */
import { type AppendKind, ClusterNode } from '../../../src/cluster/protocol/cluster-node.js';
import { MemoryPresences } from '../../../src/cluster/protocol/memory-presence.js';
import type { Hold } from '../../../src/cluster/protocol/role.js';
import { LIMITS, type Limits, TIMING, type Timing } from '../../../src/cluster/protocol/timing.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import { type MemoryHandle, MemoryStream } from '../../../src/cluster/stream/memory-stream.js';
import { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import { MemoryStore } from './memory-store.js';

/** A cluster's surroundings: time, stream, what nodes hear of each other. */
export class Scenery {
  readonly clock = new VirtualClock();
  readonly random = randomFrom(1);
  readonly stream: MemoryStream;
  readonly presences = new MemoryPresences(this.clock, 1);

  constructor(messageOctetsMax?: number) {
    const { clock, random } = this;
    this.stream = new MemoryStream({ clock, random, ...(messageOctetsMax !== undefined && { messageOctetsMax }) });
  }

  seat(name: string, store = new MemoryStore(this.clock), given: Given = {}): Seat {
    return new Seat(this, name, store, given);
  }

  run(ms: number): void {
    this.clock.runUntil(this.clock.now() + ms);
  }

  until(what: string, isSo: () => boolean): void {
    const end = this.clock.now() + 60_000;
    while (!isSo()) {
      if (this.clock.now() > end || !this.clock.step()) throw new Error(`it never came about that ${what}`);
    }
  }
}

interface Given {
  readonly timing?: Partial<Timing>;
  readonly limits?: Partial<Limits>;
  readonly besides?: string;
}

export class Seat {
  readonly node: ClusterNode;
  readonly handle: MemoryHandle;
  readonly led: number[] = [];
  readonly holds: Hold[] = [];
  /** In the order in which they were told: a sequence, or null: fenced. */
  readonly outcomes: (number | null)[] = [];
  readonly troubles: (string | null)[] = [];
  drains = 0;
  /** Null: nobody has asked. */
  ready: (() => void) | null = null;

  constructor(
    scenery: Scenery,
    readonly name: string,
    readonly store: MemoryStore,
    { timing, limits, besides }: Given,
  ) {
    this.handle = scenery.stream.connect(name);
    this.node = new ClusterNode({
      name,
      stream: this.handle,
      clock: scenery.clock,
      random: scenery.random,
      store,
      presence: scenery.presences.connect(name),
      version: '1',
      address: `${name}:5672`,
      besides: besides ?? null,
      timing: { ...TIMING, ...timing },
      limits: { ...LIMITS, ...limits },
      observer: {
        onRole: () => {},
        onLead: (epoch) => this.led.push(epoch),
        onHold: (hold) => this.holds.push(hold),
        onCertain: () => {},
        onDrain: () => {
          this.drains += 1;
        },
        onHandOver: (ready) => {
          this.ready = ready;
        },
        onTrouble: (trouble) => this.troubles.push(trouble),
      },
    });
  }

  get serves(): boolean {
    return this.node.role.kind === 'leader' && this.node.role.serves;
  }

  append(text: string, kind: AppendKind = RecordKind.DEFINITIONS): void {
    this.node.append(kind, [Buffer.from(text)], (outcome) =>
      this.outcomes.push(outcome.kind === 'certain' ? outcome.sequence : null),
    );
  }

  /** The definitions that its store was given, as texts. */
  get texts(): string[] {
    return this.store.portions.flatMap(({ records }) =>
      records.filter(({ kind }) => kind === RecordKind.DEFINITIONS).map(({ body }) => Buffer.from(body).toString()),
    );
  }

  /** As if the process had been killed. */
  kill(): void {
    this.handle.close().catch(() => {});
    this.node.stop();
  }
}
