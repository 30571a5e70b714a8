/**
 * What the management thread starts with, and what it and the broker thread say to each other, beside what every worker
 * says (thread-messages.ts): it is a worker that the listeners give no clients to.
 */
import type { MessagePort } from 'node:worker_threads';
import type { LogEntry } from '../logging/logger.js';
import type { SpilledWish } from '../queues/spill/spilled-browsing.js';
import type { WorkerSetup } from '../worker/thread-messages.js';
import type { AdministrationRequest } from './administration.js';
import type { Outcome } from './broker-messages.js';
import type { MemberCall } from './cluster/cluster-member.js';
import type { BoundAddress } from './listeners/bound.js';

/** Where the HTTP API is to be found. */
export interface HttpAddress {
  /** `localhost`: both addresses of this machine alone, where it has both. */
  readonly host: string;
  /** 0 takes a free one; null: not by TCP. */
  readonly port: number | null;
  /** By TLS, with the broker's certificates; 0 takes a free one; null: not by TLS. */
  readonly tlsPort: number | null;
  /** Whether the web page is served there, besides the API. */
  readonly page: boolean;
  /** For `leveret ctl`; null: nowhere. */
  readonly socket: ControlSocketAddress | null;
  /** Metrics for whoever comes, without a password; null: not so. */
  readonly metrics: MetricsAddress | null;
}

export interface MetricsAddress {
  /** As that of `HttpAddress`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A Unix-domain socket that only the broker's user can open; whoever has opened it may do everything. */
export interface ControlSocketAddress {
  readonly path: string;
  /** The broker does not start without it. */
  readonly isNeeded: boolean;
}

/** Where the HTTP API listens, once it does. */
export interface BoundHttp {
  /** They have one port of each kind. */
  readonly hosts: readonly string[];
  /** Null: not by TCP. */
  readonly port: number | null;
  /** Null: not by TLS. */
  readonly tlsPort: number | null;
  /** Null: it has none. */
  readonly socket: string | null;
  /** Why a socket that is not needed cannot be had; null: it can. */
  readonly socketTrouble: string | null;
  /** Where metrics are told without a password; `hosts` have one port; null: nowhere. */
  readonly metrics: BoundMetrics | null;
}

export interface BoundMetrics {
  readonly hosts: readonly string[];
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
  /** Where the workers run, in words. */
  readonly placement: string;
  /** Whether it leads a cluster. */
  readonly isMember: boolean;
  /** What nobody else's broker has, and this one keeps as long as its data. */
  readonly clusterId: string;
  /** Shared memory for messages and queues (octets). */
  readonly memory: number;
  /** The version of RabbitMQ that clients are told of. */
  readonly announced: string;
  /** What it was told and what it has found out, without secrets: values that JSON can tell. */
  readonly environment: Readonly<Record<string, unknown>>;
}

export interface ManagementSetup extends WorkerSetup {
  readonly management: MessagePort;
  /** Where each serving worker is asked for what operators see of its clients (src/worker/inspection.ts). */
  readonly inspections: readonly MessagePort[];
}

export type ToManagement =
  /** Listen, and say `listening` or `refused`. */
  | { readonly kind: 'listen'; readonly address: HttpAddress; readonly facts: BrokerFacts }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome }
  /** What the operator's log was told; only after `follow log`. */
  | { readonly kind: 'log'; readonly entries: readonly LogEntry[] }
  /** Take no more requests, end those that are being answered, and say `closed`. */
  | { readonly kind: 'close' };

export type FromManagement =
  | { readonly kind: 'listening'; readonly bound: BoundHttp }
  | { readonly kind: 'closed' }
  /** `where`: the address that cannot be had. */
  | { readonly kind: 'refused'; readonly where: string; readonly reason: string }
  /** `user`: on whose behalf; null: nobody's. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly request: AdministrationRequest;
      readonly user: string | null;
    }
  /** Show messages that are not in memory: answered by a `SpilledPortion`. */
  | { readonly kind: 'browse'; readonly id: number; readonly wish: SpilledWish }
  /** Of the node that leads a cluster; only where it is one. */
  | { readonly kind: 'member'; readonly id: number; readonly call: MemberCall }
  /** Whether somebody watches the log now. */
  | { readonly kind: 'follow log'; readonly isOn: boolean }
  /** The operator wants the broker to end. */
  | { readonly kind: 'stop' };
