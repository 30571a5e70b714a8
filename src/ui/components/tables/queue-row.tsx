/** A queue as the API tells of it, and how parts of it are shown wherever queues are. */
import type { JSX } from 'preact';
import { Badge } from '../page/parts.js';

export interface QueueRow {
  readonly name: string;
  readonly vhost: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly exclusive: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly state: 'running' | 'paused';
  readonly consumers?: number;
  readonly messages?: number;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
  readonly message_bytes?: number;
  readonly oldest_message_age?: number | null;
  readonly policy?: string | null;
  readonly operator_policy?: string | null;
  readonly message_stats?: {
    readonly publish_details?: { readonly rate: number };
    readonly deliver_get_details?: { readonly rate: number };
    readonly ack_details?: { readonly rate: number };
    readonly redeliver_details?: { readonly rate: number };
  };
}

/** What a queue is, in short signs that say what they mean when they are pointed at. */
export function QueueFeatures({ queue }: { queue: QueueRow }): JSX.Element {
  const { type, durable, auto_delete: goes, exclusive, arguments: given, state } = queue;
  const features: (readonly [string, string])[] = [
    ...(state === 'paused' ? [['paused', 'gives out nothing'] as const] : []),
    ...(type === 'classic' ? [] : [[type, `of the type ${type}`] as const]),
    ...(durable ? [] : [['transient', 'gone after a restart'] as const]),
    ...(goes ? [['auto-delete', 'goes with its last consumer'] as const] : []),
    ...(exclusive ? [['exclusive', 'of one connection'] as const] : []),
    ...Object.entries(given)
      .filter(([name]) => name !== 'x-queue-type')
      .map(([name, value]) => [SHORT[name] ?? name.replace(/^x-/, ''), `${name} = ${JSON.stringify(value)}`] as const),
  ];
  return (
    <>
      {features.map(([text, title]) => (
        <span key={text} title={title}>
          <Badge tone={text === 'paused' ? 'warn' : 'plain'}>{text}</Badge>{' '}
        </span>
      ))}
    </>
  );
}

const SHORT: Readonly<Record<string, string>> = {
  'x-message-ttl': 'TTL',
  'x-expires': 'expires',
  'x-max-length': 'max length',
  'x-max-length-bytes': 'max bytes',
  'x-dead-letter-exchange': 'DLX',
  'x-dead-letter-routing-key': 'DLK',
  'x-max-priority': 'priorities',
  'x-single-active-consumer': 'SAC',
};
