/** A queue as the API tells of one alone. */
import type { Details } from '../../components/charts/history.js';
import type { QueueRow } from '../../components/tables/queue-row.js';

export interface Consumer {
  readonly consumer_tag: string;
  readonly ack_required: boolean;
  readonly active: boolean;
  readonly activity_status: string;
  readonly exclusive: boolean;
  readonly prefetch_count: number;
  readonly channel_details: {
    readonly name?: string;
    readonly connection_name?: string;
    readonly peer_host?: string;
    readonly user?: string;
  };
}

export interface WholeQueue extends Omit<QueueRow, 'message_stats'> {
  readonly node: string;
  readonly idle_since?: string;
  readonly policy: string | null;
  readonly operator_policy: string | null;
  readonly effective_policy_definition: Readonly<Record<string, unknown>>;
  readonly consumer_details?: readonly Consumer[];
  readonly message_stats?: Readonly<Record<string, Details | undefined>>;
  readonly messages_ready_details?: Details;
  readonly messages_unacknowledged_details?: Details;
  readonly message_bytes_ready?: number;
  readonly message_bytes_unacknowledged?: number;
  readonly oldest_unacknowledged_age?: number | null;
  readonly single_active_consumer_tag?: string | null;
  readonly exclusive_consumer_tag?: string | null;
}
