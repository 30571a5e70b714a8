/**
 * A data directory in memory whose power can go: log files (test/store/support/simulated.ts), and definitions whose
 * transactions are there or not.
 */
import { CHAIN_START } from '../../../dist/cluster/records/link.js';
import { Replica } from '../../../dist/cluster/replica/replica.js';
import { FollowedFiles } from '../../../dist/cluster/replica/replica-files.js';
import { allOf } from '../../../dist/store/definition-changes.js';
import { type Definitions, storedKey } from '../../../dist/store/definitions.js';
import { LogWriter } from '../../../dist/store/log/log-writer.js';
import type { LogManager } from '../../../dist/store/log-manager.js';
import type { OpenCommitLog } from '../../../dist/store/open-log.js';
import { idOf } from '../../../dist/store/queue-numbers.js';
import type { Health } from '../../../src/log/commit-log.js';
import type { Clock } from '../../../src/platform/clock.js';
import type {
  Definition,
  DefinitionChange,
  DefinitionKind,
  Followed,
  Identity,
} from '../../../src/store/definitions.js';
import type { LogDirectory } from '../../../src/store/log/log-directory.js';
import { openLogManager } from '../../store/support/logs.js';
import { type Random, SimulatedDirectory } from '../../store/support/simulated.js';

interface Committed {
  readonly definitions: ReadonlyMap<string, Definition<DefinitionKind>>;
  readonly followed: Followed | null;
  readonly nextQueueId: number;
}

export class SimulatedDefinitions {
  #committed: Committed;
  /** A transaction that is under way. */
  #pending: Committed | null = null;
  #last: Promise<void> = Promise.resolve();
  #nextQueueId: number;
  /** Called before each transaction: throws to make it fail. */
  onCommit: () => void = () => undefined;

  constructor(committed: Committed = { definitions: new Map(), followed: null, nextQueueId: 1 }) {
    this.#committed = committed;
    this.#nextQueueId = committed.nextQueueId;
  }

  /** What a real store has. */
  static of(store: Definitions): SimulatedDefinitions {
    const changes = allOf(store).map((change) => structuredClone(change));
    const definitions = new Map(
      changes.map((change) => [storedKey(change), change.definition as Definition<DefinitionKind>]),
    );
    return new SimulatedDefinitions({ definitions, followed: store.followed, nextQueueId: store.nextQueueId });
  }

  get followed(): Followed | null {
    return this.#committed.followed;
  }
  get nextQueueId(): number {
    return this.#nextQueueId;
  }
  passQueueIds(id: number): void {
    this.#nextQueueId = Math.max(this.#nextQueueId, id + 1);
  }
  get<K extends DefinitionKind>(kind: K, definition: Identity<K>): Definition<K> | undefined {
    const key = storedKey({ remove: kind, definition } as DefinitionChange);
    return this.#committed.definitions.get(key) as Definition<K> | undefined;
  }
  queues(): Definition<'queue'>[] {
    return this.list('queue');
  }

  list<K extends DefinitionKind>(kind: K): Definition<K>[] {
    const found = [...this.#committed.definitions].filter(([key]) =>
      key.startsWith(JSON.stringify([kind]).slice(0, -1)),
    );
    return found.map(([, definition]) => definition as Definition<K>);
  }
  takeQueueId(): number {
    return this.#nextQueueId++;
  }

  /** One after the other. */
  change(changes: readonly DefinitionChange[], followed?: Followed): Promise<void> {
    const change = this.#last.then(() => this.#commit(changes, followed));
    this.#last = change.catch(() => undefined);
    return change;
  }

  async #commit(changes: readonly DefinitionChange[], followed: Followed | undefined): Promise<void> {
    this.onCommit();
    const definitions = new Map(this.#committed.definitions);
    for (const change of changes) {
      if ('put' in change) definitions.set(storedKey(change), change.definition);
      else definitions.delete(storedKey(change));
    }
    const copy = followed === undefined ? this.#committed.followed : structuredClone(followed);
    this.#pending = { definitions, followed: copy, nextQueueId: this.#nextQueueId };
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#committed = this.#pending;
    this.#pending = null;
  }

  powerLoss(random: Random): SimulatedDefinitions {
    return new SimulatedDefinitions(this.#pending !== null && random() < 0.5 ? this.#pending : this.#committed);
  }
}

/** Waits a pass of the event loop for whatever time. */
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const hastyClock: Clock = {
  now: () => 0,
  elapsed: () => 0,
  after: (_, work) => {
    const timer = setImmediate(work);
    return () => clearImmediate(timer);
  },
};

export interface Following {
  readonly replica: Replica;
  readonly log: LogManager;
  /** Why it applies nothing any more. */
  error(): Error | null;
}

interface RecoveryOptions {
  readonly withFloors?: boolean;
  readonly follows?: boolean;
  readonly onHealth?: (health: Health) => void;
}

export class FollowedFilesOf<Directory extends LogDirectory> {
  constructor(
    readonly directory: Directory,
    readonly definitions = new SimulatedDefinitions(),
  ) {}

  /** As a start finds it. */
  async recover(options: RecoveryOptions = {}): Promise<LogManager> {
    const { directory, definitions } = this;
    const known = new Set(definitions.queues().map(({ id }) => id));
    const first = definitions.nextQueueId;
    const nextMessages = definitions.followed?.nextMessages ?? new Map<number, number>();
    return openLogManager(directory, {
      durability: 'fsync',
      fileOctets: 8 << 10,
      pause,
      exists: (queue) => known.has(idOf(queue)),
      isUnknown: (queue) => idOf(queue) >= first,
      waste: { small: 4 << 10, dead: 8 << 10 },
      breaks: 4,
      ...(options.withFloors !== false && { nextMessages }),
      ...(options.follows && { follows: true }),
      ...(options.onHealth && { onHealth: options.onHealth }),
    });
  }

  /** The log of one lane in files, small ones. */
  readonly open: OpenCommitLog = (setup, observer) => {
    if (setup.kind !== 'files') throw new Error('a lane in other files');
    const { directory } = this;
    const { writerNumber, start, durability } = setup;
    return new LogWriter({ ...observer, directory, writerNumber, start, durability, fileOctets: 8 << 10, pause });
  };

  async follow(): Promise<Following> {
    let files: FollowedFiles | null = null;
    const log = await this.recover({ follows: true, onHealth: (health) => files?.healthOf(0, health) });
    files = new FollowedFiles(log, this.definitions, this.open, {
      onTrouble: () => undefined,
      closed: async () => undefined,
      openView: () => Promise.reject(new Error('nobody copies it')),
    });
    let failed: Error | null = null;
    const observer = {
      onFailed: (error: Error) => {
        failed = error;
      },
      onTrouble: () => undefined,
    };
    return { replica: new Replica({ files, clock: hastyClock, observer }), log, error: () => failed };
  }

  get position(): Followed['position'] {
    return this.definitions.followed?.position ?? CHAIN_START;
  }
}

export class FollowedDisk extends FollowedFilesOf<SimulatedDirectory> {
  constructor(directory = new SimulatedDirectory(), definitions = new SimulatedDefinitions()) {
    super(directory, definitions);
  }

  powerLoss(random: Random): FollowedDisk {
    return new FollowedDisk(this.directory.powerLoss(random), this.definitions.powerLoss(random));
  }
}
