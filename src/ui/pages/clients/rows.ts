/** What the API tells of connections, channels and consumers, as far as these pages show it. */
import type { Details } from '../../components/charts/history.js';

export type MessageStats = Readonly<
  Record<string, number> & {
    readonly [name in `${string}_details`]: Details;
  }
>;

export interface Connection {
  readonly name: string;
  /** As its program calls it. */
  readonly user_provided_name?: string;
  readonly state: string;
  readonly user: string;
  readonly vhost: string;
  readonly protocol: string;
  readonly auth_mechanism: string;
  /** ms since the Unix epoch */
  readonly connected_at: number;
  /** Of heartbeats (s); 0: there are none. */
  readonly timeout: number;
  readonly frame_max: number;
  readonly channel_max: number;
  readonly channels: number;
  readonly peer_host: string;
  readonly peer_port: number;
  readonly host: string;
  readonly port: number;
  readonly client_properties: Readonly<Record<string, unknown>>;
  readonly ssl: boolean;
  /** Empty or null: not known. */
  readonly ssl_protocol: string | null;
  readonly ssl_cipher: string | null;
  readonly peer_cert_subject: string | null;
  readonly peer_cert_issuer: string | null;
  readonly peer_cert_validity: string | null;
  readonly recv_oct: number;
  readonly recv_oct_details: Details;
  readonly send_oct: number;
  readonly send_oct_details: Details;
  /** Octets that the client has yet to take. */
  readonly send_pend: number;
  readonly message_stats?: MessageStats;
}

export interface Channel {
  readonly name: string;
  readonly number: number;
  readonly state: string;
  readonly user: string;
  readonly vhost: string;
  readonly connection_details: { readonly name: string; readonly peer_host: string; readonly peer_port: number };
  readonly prefetch_count: number;
  readonly global_prefetch_count: number;
  readonly consumer_count: number;
  readonly messages_unacknowledged: number;
  readonly messages_unconfirmed: number;
  readonly messages_uncommitted: number;
  readonly acks_uncommitted: number;
  readonly confirm: boolean;
  readonly transactional: boolean;
  readonly idle_since?: string;
  readonly message_stats?: MessageStats;
  /** Of one channel only. */
  readonly consumer_details?: readonly Consumer[];
}

export interface Consumer {
  readonly consumer_tag: string;
  readonly queue: { readonly name: string; readonly vhost: string };
  readonly channel_details: { readonly name: string; readonly connection_name: string; readonly user: string };
  readonly ack_required: boolean;
  readonly active: boolean;
  readonly activity_status: string;
  readonly exclusive: boolean;
  readonly prefetch_count: number;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** ms; null: for ever. */
  readonly consumer_timeout: number | null;
}

export function rateOf(stats: MessageStats | undefined, name: string): number | undefined {
  return (stats?.[`${name}_details`] as Details | undefined)?.rate;
}
