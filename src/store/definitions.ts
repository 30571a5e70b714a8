/**
 * Everything that is declared and must outlast the broker, in LMDB. What must hold: a change is durable when its
 * promise resolves; changes that are made together are there together or not at all; an id of a queue is never given to
 * another one.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Lmdb from 'lmdb';

export interface VhostDefinition {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Null or missing: nothing is said. */
  readonly defaultQueueType?: string | null;
  readonly tracing?: boolean;
  readonly protectedFromDeletion?: boolean;
}

export interface ExchangeDefinition {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  /** The number in the log of the hidden queue where what it holds back waits; 0 or missing: it has none. */
  readonly waitingId?: number;
  /** A field table as it is on the wire, so that every type in it comes back. */
  readonly arguments: Uint8Array;
}

export interface QueueDefinition {
  readonly vhost: string;
  readonly name: string;
  /** Its number in the log. */
  readonly id: number;
  readonly autoDelete: boolean;
  readonly arguments: Uint8Array;
  /** Nobody is given anything of it. */
  readonly isPaused?: boolean;
}

export interface BindingDefinition {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationType: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: Uint8Array;
}

export interface UserDefinition {
  readonly name: string;
  readonly passwordHash: string;
  readonly hashingAlgorithm: string;
  readonly tags: readonly string[];
}

export interface PermissionDefinition {
  readonly user: string;
  readonly vhost: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export interface TopicPermissionDefinition {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

export interface PolicyDefinition {
  readonly vhost: string;
  readonly name: string;
  /** Set by an operator: it limits what the others say. */
  readonly operator: boolean;
  readonly pattern: string;
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, string | number | boolean | undefined>>;
}

export interface LimitsDefinition {
  readonly scope: 'vhost' | 'user';
  readonly name: string;
  readonly limits: Readonly<Record<string, number | undefined>>;
}

export interface GlobalParameterDefinition {
  readonly name: string;
  /** As JSON. */
  readonly value: string;
}

interface Kinds {
  vhost: VhostDefinition;
  exchange: ExchangeDefinition;
  queue: QueueDefinition;
  binding: BindingDefinition;
  user: UserDefinition;
  permission: PermissionDefinition;
  topicPermission: TopicPermissionDefinition;
  policy: PolicyDefinition;
  limits: LimitsDefinition;
  globalParameter: GlobalParameterDefinition;
}
export type DefinitionKind = keyof Kinds;
export type Definition<K extends DefinitionKind> = Kinds[K];

/** What makes each definition the only one of its kind. */
const KEYS: { readonly [K in DefinitionKind]: (definition: Identity<K>) => string[] } = {
  vhost: ({ name }) => [name],
  exchange: ({ vhost, name }) => [vhost, name],
  queue: ({ vhost, name }) => [vhost, name],
  binding: (binding) => [
    binding.vhost,
    binding.source,
    binding.destinationType,
    binding.destination,
    binding.routingKey,
    // Arguments can be longer than a key may be.
    createHash('sha256')
      .update(binding.arguments)
      .digest('base64'),
  ],
  user: ({ name }) => [name],
  permission: ({ user, vhost }) => [user, vhost],
  topicPermission: ({ user, vhost, exchange }) => [user, vhost, exchange],
  policy: ({ vhost, name, operator }) => [vhost, name, operator ? 'operator' : 'user'],
  limits: ({ scope, name }) => [scope, name],
  globalParameter: ({ name }) => [name],
};

/** As much of a definition as tells it from others. */
export type Identity<K extends DefinitionKind> = {
  vhost: Pick<VhostDefinition, 'name'>;
  exchange: Pick<ExchangeDefinition, 'vhost' | 'name'>;
  queue: Pick<QueueDefinition, 'vhost' | 'name'>;
  binding: BindingDefinition;
  user: Pick<UserDefinition, 'name'>;
  permission: Pick<PermissionDefinition, 'user' | 'vhost'>;
  topicPermission: Pick<TopicPermissionDefinition, 'user' | 'vhost' | 'exchange'>;
  policy: Pick<PolicyDefinition, 'vhost' | 'name' | 'operator'>;
  limits: Pick<LimitsDefinition, 'scope' | 'name'>;
  globalParameter: Pick<GlobalParameterDefinition, 'name'>;
}[K];

/** One change; those of a list are made together. */
export type DefinitionChange = {
  [K in DefinitionKind]:
    | { readonly put: K; readonly definition: Kinds[K] }
    | { readonly remove: K; readonly definition: Identity<K> };
}[DefinitionKind];

/** What a change changes: two that have the same cannot both be. */
export function storedKey(change: DefinitionChange): string {
  const kind = 'put' in change ? change.put : change.remove;
  return JSON.stringify([kind, ...identifying(kind, change)]);
}

/** The compiler does not follow a kind from a change to its definition. */
function identifying<K extends DefinitionKind>(kind: K, change: DefinitionChange): string[] {
  return KEYS[kind](change.definition as Identity<K>);
}

const NEXT_QUEUE = ['next queue'];
const FOLLOWED = ['followed'];

/** How far a replicated stream is applied in this directory, and what it takes to go on with it from there. */
export interface Followed {
  /** Log files have all up to here, and it is known how to read on (src/cluster/records: ChainPosition). */
  readonly position: {
    readonly sequence: number;
    readonly counted: number;
    readonly link: Uint8Array;
    readonly epoch: number;
    readonly fence: Uint8Array;
  };
  /** Definitions are applied up to this sequence, which is no lower than the position's. */
  readonly definitions: number;
  /** Where each lane's numbering goes on, as far as it was heard: no lower id is given, whatever files say. */
  readonly nextMessages: ReadonlyMap<number, number>;
}

/** As it is stored. */
interface StoredFollowed extends Omit<Followed, 'nextMessages'> {
  readonly nextMessages: readonly (readonly [number, number])[];
}

export class Definitions {
  readonly #root: Lmdb.RootDatabase<unknown, string[]>;
  readonly #kinds: { readonly [K in DefinitionKind]: Lmdb.Database<Kinds[K], string[]> };
  #nextQueue: number;

  private constructor(root: Lmdb.RootDatabase<unknown, string[]>) {
    this.#root = root;
    const open = <K extends DefinitionKind>(kind: K) => root.openDB<Kinds[K], string[]>({ name: kind });
    this.#kinds = {
      vhost: open('vhost'),
      exchange: open('exchange'),
      queue: open('queue'),
      binding: open('binding'),
      user: open('user'),
      permission: open('permission'),
      topicPermission: open('topicPermission'),
      policy: open('policy'),
      limits: open('limits'),
      globalParameter: open('globalParameter'),
    };
    this.#nextQueue = Number(root.get(NEXT_QUEUE) ?? 1);
  }

  static open(path: string): Definitions {
    // Loaded here and as one file: its modules, one by one, take twice as long, and a broker without data needs none.
    const lmdb = createRequire(import.meta.url)('lmdb') as typeof Lmdb;
    // A commit waits for the disk: with `overlappingSync` it would be visible before it is safe. Gathering by passes of
    // the event loop makes promises that nobody gets: one that fails would end the process.
    const options = { path, maxDbs: 16, overlappingSync: false, eventTurnBatching: false };
    return new Definitions(lmdb.open<unknown, string[]>(options));
  }

  /**
   * Makes some changes, all or none, and `followed` with them (null: none was followed). Rejects with what the system
   * says when they cannot be written.
   */
  async change(changes: readonly DefinitionChange[], followed?: Followed | null): Promise<void> {
    try {
      await this.#root.childTransaction(() => {
        for (const change of changes) this.#apply(change);
        this.#root.put(NEXT_QUEUE, this.#nextQueue);
        if (followed === null) this.#root.remove(FOLLOWED);
        else if (followed !== undefined)
          this.#root.put(FOLLOWED, { ...followed, nextMessages: [...followed.nextMessages] } satisfies StoredFollowed);
      });
      await this.#root.flushed;
    } catch (error) {
      throw await causeOf(error);
    }
  }

  put<K extends DefinitionKind>(kind: K, definition: Kinds[K]): Promise<void> {
    return this.change([{ put: kind, definition } as DefinitionChange]);
  }

  remove<K extends DefinitionKind>(kind: K, definition: Identity<K>): Promise<void> {
    return this.change([{ remove: kind, definition } as DefinitionChange]);
  }

  get<K extends DefinitionKind>(kind: K, definition: Identity<K>): Kinds[K] | undefined {
    return this.#kinds[kind].get(KEYS[kind](definition));
  }

  /** All definitions of a kind, in the order of their names. */
  list<K extends DefinitionKind>(kind: K): Kinds[K][] {
    return [...this.#kinds[kind].getRange()].map(({ value }) => value);
  }

  /** How far a stream was followed; null: none ever was. */
  get followed(): Followed | null {
    const stored = this.#root.get(FOLLOWED) as StoredFollowed | undefined;
    if (stored === undefined) return null;
    const { position, definitions, nextMessages } = stored;
    // Copies: what the store gives lies in memory of its own.
    const { link, fence } = position;
    return {
      position: { ...position, link: Uint8Array.from(link), fence: Uint8Array.from(fence) },
      definitions,
      nextMessages: new Map(nextMessages),
    };
  }

  /** An id for a new queue. It becomes durable with the next change, so with the queue's own definition. */
  takeQueueId(): number {
    return this.#nextQueue++;
  }

  /** The id that would be given out next. */
  get nextQueueId(): number {
    return this.#nextQueue;
  }

  /** An id that was given out at some time, and those before it, are not given out any more. */
  passQueueIds(id: number): void {
    this.#nextQueue = Math.max(this.#nextQueue, id + 1);
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #apply<K extends DefinitionKind>(change: DefinitionChange): void {
    if ('put' in change) {
      const kind = change.put as K;
      this.#kinds[kind].put(KEYS[kind](change.definition as Kinds[K] & Identity<K>), change.definition as Kinds[K]);
    } else {
      const kind = change.remove as K;
      this.#kinds[kind].remove(KEYS[kind](change.definition as Identity<K>));
    }
  }
}

/**
 * Why a commit failed: that comes as a promise beside the error, which rejects whether anybody waits for it or not, at
 * once or in this pass of the event loop.
 */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  if (commitError === undefined) return error;
  const cause = commitError.catch((reason: unknown) => reason);
  const pass = new Promise<void>((resolve) => setImmediate(resolve));
  return (await Promise.race([cause, pass])) ?? error;
}
