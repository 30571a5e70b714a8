/**
 * What a migration has at the target, a vhost each: an exchange that takes messages as they were at the source and knows
 * their ids. It is there until the broker ends, and so is what it knows: where it is missing, another one under another
 * name takes its place, and what was published to the one before is not known any more.
 */
import { randomBytes } from 'node:crypto';
import { EMPTY_TABLE, table } from '../amqp/table.js';
import { Connection, type ConnectionSettings } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';
import { BrokerError } from '../client/errors.js';
import { ThreadMemory } from '../client/memory.js';
import { MigrationError } from './plan.js';
import { ID_HEADER } from './republishing.js';

const NOT_FOUND = 404;
const MEMORY_OCTETS = 16;
const FLAGS = { durable: false, autoDelete: false, internal: false, nowait: false };

export class TargetVhost {
  readonly #endpoint: Endpoint;
  readonly #settings: ConnectionSettings;
  readonly #idsMax: number;
  readonly #remember: (memory: string) => void;
  #memory: string | null;
  #checking: Promise<string> | null = null;

  /** `memory`: the last one that there was. `remember` writes down another one before it is used. */
  constructor(
    endpoint: Endpoint,
    settings: ConnectionSettings,
    { idsMax, memory, remember }: { idsMax: number; memory: string | null; remember: (memory: string) => void },
  ) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#idsMax = idsMax;
    this.#memory = memory;
    this.#remember = remember;
  }

  /** The memory that the target has now. Rejects with a `BrokerError`. */
  memory(): Promise<string> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #check(): Promise<string> {
    if (this.#memory !== null && (await this.#isThere(this.#memory))) return this.#memory;
    const memory = randomBytes(MEMORY_OCTETS).toString('hex');
    this.#remember(memory);
    await this.#with(async (connection) => {
      if (!isLeveret(connection))
        throw new MigrationError('--to must be a Leveret: the broker there says of itself that it is something else');
      const args = {
        'x-republish': true,
        'x-message-deduplication': true,
        'x-deduplication-header': ID_HEADER,
        'x-cache-size': this.#idsMax,
      };
      const declare = {
        name: 'exchange.declare',
        exchange: exchangeOf(memory),
        type: 'direct',
        passive: false,
      } as const;
      await connection.call({ ...declare, ...FLAGS, arguments: table(args) }, 'exchange.declare-ok');
    });
    this.#memory = memory;
    return memory;
  }

  async #isThere(memory: string): Promise<boolean> {
    const declare = { name: 'exchange.declare', exchange: exchangeOf(memory), type: 'direct', passive: true } as const;
    try {
      await this.#with((one) => one.call({ ...declare, ...FLAGS, arguments: EMPTY_TABLE }, 'exchange.declare-ok'));
      return true;
    } catch (error) {
      if (error instanceof BrokerError && error.replyCode === NOT_FOUND) return false;
      throw error;
    }
  }

  /** All is moved: the target is as if nobody had. */
  async clear(): Promise<void> {
    const memory = this.#memory;
    if (memory === null) return;
    const request = { name: 'exchange.delete', exchange: exchangeOf(memory), ifUnused: false, nowait: false } as const;
    await this.#with((connection) => connection.call(request, 'exchange.delete-ok'));
    this.#memory = null;
  }

  async #with(work: (connection: Connection) => Promise<unknown>): Promise<void> {
    const name = 'leveret migrate: set-up';
    const connection = await Connection.open(this.#endpoint, this.#settings, new ThreadMemory(0), name);
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  }
}

export function exchangeOf(memory: string): string {
  return `leveret.migrate.${memory}`;
}

function isLeveret({ server }: Connection): boolean {
  const platform = server.get('platform');
  return platform?.type === 'S' && platform.value.startsWith('Leveret');
}
