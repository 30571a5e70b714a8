/** What one migration is to do, as it was asked for; nothing is started here. */
import type { TlsSettings } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';

/** What its connections call themselves. */
export const PRODUCT = 'leveret migrate';

/** Where the management API of a broker is, and who asks. */
export interface HttpPlace {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

export interface Plan {
  readonly source: Endpoint;
  readonly target: Endpoint;
  readonly tls: TlsSettings;
  /** Seconds; 0: none. */
  readonly heartbeat: number;
  readonly sourceHttp: HttpPlace;
  readonly targetHttp: HttpPlace;
  /** The text of a file of definitions; null: they are asked for at the source's API. */
  readonly definitions: string | null;
  /** Definitions are at the target already. */
  readonly skipsDefinitions: boolean;
  /** Every vhost of the source, rather than the one that its URL names. */
  readonly allVhosts: boolean;
  /** These queues alone; none: all. */
  readonly queues: readonly string[];
  /** Messages of a queue that may be on their way. */
  readonly prefetch: number;
  /** Queues at once. */
  readonly parallel: number;
  /** Goes on until it is stopped. */
  readonly follows: boolean;
  /** A folder for what a migration must know when it is begun again. */
  readonly state: string;
  /** How long brokers may be away (ms). */
  readonly patience: number;
}

/** What is moved. */
export interface QueueName {
  readonly vhost: string;
  readonly name: string;
}

export function queueText({ vhost, name }: QueueName): string {
  return `queue '${name}' in vhost '${vhost}'`;
}

/** What makes a migration impossible, in one line for whoever started it. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
