/**
 * What policies can say about queues and exchanges, by the names that they have in policies: arguments without their `x-`.
 * Numbers are not negative, times are in milliseconds.
 */
export interface Definition {
  readonly 'message-ttl'?: number;
  readonly expires?: number;
  readonly 'max-length'?: number;
  readonly 'max-length-bytes'?: number;
  readonly overflow?: OverflowName;
  readonly 'dead-letter-exchange'?: string;
  readonly 'dead-letter-routing-key'?: string;
  readonly 'alternate-exchange'?: string;
  /** May be negative: no limit. */
  readonly 'delivery-limit'?: number;
  readonly 'consumer-timeout'?: number;
}

export type OverflowName = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';
