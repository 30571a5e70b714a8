/** Who the broker is: dashboards find the metrics of a node by these. */
import { clusterName } from '../node/overview.js';
import { brokerFamily, type Family } from './family.js';

/** `endpoint`: which of the endpoints tells it, as RabbitMQ 4 names them. */
export function identity(endpoint: 'aggregated' | 'per-object' | 'detailed'): Family {
  return brokerFamily('identity', [
    {
      name: 'build_info',
      type: 'untyped',
      help: 'RabbitMQ & Erlang/OTP version info',
      of: ({ broker: { facts } }) => [
        {
          labels: {
            rabbitmq_version: facts.announced,
            prometheus_plugin_version: facts.announced,
            prometheus_client_version: facts.announced,
            // Dashboards show it as what the broker runs on.
            erlang_version: process.versions.node,
          },
          value: 1,
        },
      ],
    },
    {
      name: 'identity_info',
      type: 'untyped',
      help: 'RabbitMQ node & cluster identity info',
      of: async ({ broker }) => {
        const cluster = await clusterName(broker);
        return [
          {
            labels: {
              rabbitmq_node: broker.facts.node,
              rabbitmq_cluster: cluster,
              // A cluster of one node is what its node is.
              rabbitmq_cluster_permanent_id: broker.facts.clusterId,
              rabbitmq_endpoint: endpoint,
            },
            value: 1,
          },
        ];
      },
    },
  ]);
}
