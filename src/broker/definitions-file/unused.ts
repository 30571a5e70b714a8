/**
 * What RabbitMQ's files hold that means nothing here: it is left out, and what somebody may miss is said. What must
 * hold: nothing that is only misspelt is among it.
 */

/** Fields of the file that describe it. */
export const DESCRIPTIVE: readonly string[] = [
  'rabbit_version',
  'rabbitmq_version',
  'product_name',
  'product_version',
  'rabbitmq_definition_format',
  'original_cluster_name',
  'original_vhost_name',
  'explanation',
  'description',
  'metadata',
  'default_queue_type',
];

/** Global parameters that are of the cluster that wrote the file. */
export const OF_A_CLUSTER: readonly string[] = ['cluster_tags', 'internal_cluster_id'];

/** Settings of policies that are about RabbitMQ's clusters, streams, federation and kinds of storage. */
export const POLICY_SETTINGS: ReadonlySet<string> = new Set([
  'federation-upstream',
  'federation-upstream-pattern',
  'federation-upstream-set',
  'ha-mode',
  'ha-params',
  'ha-promote-on-failure',
  'ha-promote-on-shutdown',
  'ha-sync-batch-size',
  'ha-sync-mode',
  'initial-cluster-size',
  'max-age',
  'max-in-memory-bytes',
  'max-in-memory-length',
  'queue-leader-locator',
  'queue-master-locator',
  'queue-mode',
  'queue-version',
  'remote-dc-replicate',
  'routing-key',
  'shards-per-node',
  'stream-filter-size-bytes',
  'stream-max-segment-size-bytes',
  'target-group-size',
]);
