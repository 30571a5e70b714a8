/**
 * What the management thread starts with, and what it and the broker thread say to each other, beside what every worker
 * says (thread-messages.ts): it is a worker that the listeners give no clients to.
 */
import type { MessagePort } from 'node:worker_threads';
import type { WorkerSetup } from '../worker/thread-messages.js';
import type { AdministrationRequest } from './administration.js';
import type { Outcome } from './broker-messages.js';
import type { BoundAddress } from './listeners/listeners.js';

/** Where the HTTP API is to be found. */
export interface HttpAddress {
  /** `localhost`: both addresses of this machine alone, where it has both. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** What the management tells of the broker that it cannot know by itself. */
export interface BrokerFacts {
  /** What tools know the broker by. */
  readonly node: string;
  readonly listeners: readonly BoundAddress[];
  readonly workers: number;
  /** When the broker started (ms since the Unix epoch). */
  readonly startedAt: number;
  readonly dataDirectory: string | null;
}

export interface ManagementSetup extends WorkerSetup {
  readonly management: MessagePort;
}

export type ToManagement =
  /** Listen, and say `listening` or `refused`. */
  | { readonly kind: 'listen'; readonly address: HttpAddress; readonly facts: BrokerFacts }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome }
  /** Take no more requests, and end those that are being answered. */
  | { readonly kind: 'close' };

export type FromManagement =
  | { readonly kind: 'listening'; readonly hosts: readonly string[]; readonly port: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'ask'; readonly id: number; readonly request: AdministrationRequest };
