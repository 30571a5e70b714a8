/** The node as a whole: overview, health, definitions. */
import { get, post, put, remove, type Scenario } from '../scenario.js';

const EXCHANGE = { type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} };
const DECLARED = {
  queues: [{ name: 'jobs', durable: true, auto_delete: false, arguments: { 'x-max-length': 7 } }],
  exchanges: [{ name: 'events', ...EXCHANGE }],
  bindings: [{ source: 'events', destination: 'jobs', destination_type: 'queue', routing_key: 'a.*', arguments: {} }],
  policies: [{ name: 'short', pattern: '^j', definition: { 'message-ttl': 5 }, priority: 1, 'apply-to': 'queues' }],
  parameters: [{ name: 'limits', component: 'vhost-limits', value: { 'max-queues': 9 } }],
};
const COLUMNS = 'users,vhosts,permissions,topic_permissions,parameters,policies,queues,exchanges,bindings';

export const NODE: readonly Scenario[] = [
  {
    name: 'overview',
    steps: [
      put('/cluster-name', { name: 'hc-cluster' }),
      get('/cluster-name'),
      put('/cluster-name', {}),
      get('/overview?columns=rates_mode,disable_stats,enable_queue_totals,sample_retention_policies,cluster_name'),
      get('/overview?columns=exchange_types'),
      get('/overview?columns=rabbitmq_version,management_version,product_name,erlang_version,node'),
      get('/extensions'),
      get('/auth', null),
      get('/nodes?columns=type,running,rates_mode,partitions,net_ticktime,mem_calculation_strategy'),
      get('/nodes?columns=mem_alarm,disk_free_alarm,exchange_types,cluster_links'),
      post('/rebalance/queues'),
      post('/overview'),
    ],
  },
  {
    name: 'health',
    steps: [
      put('/vhosts/hc-alive'),
      put('/permissions/hc-alive/guest', { configure: '.*', write: '.*', read: '.*' }),
      get('/aliveness-test/hc-alive'),
      get('/aliveness-test/hc-missing'),
      get('/queues/hc-alive?columns=name,durable,auto_delete'),
      remove('/vhosts/hc-alive'),
      get('/healthchecks/node'),
      get('/healthchecks/node/hc-missing'),
      get('/health/checks/alarms'),
      get('/health/checks/local-alarms'),
      get('/health/checks/virtual-hosts'),
      get('/health/checks/port-listener/1'),
      get('/health/checks/port-listener/x'),
      get('/health/checks/protocol-listener/amqp091'),
      get('/health/checks/protocol-listener/amqp'),
      get('/health/checks/protocol-listener/http'),
      get('/health/checks/protocol-listener/amqps'),
      get('/health/checks/protocol-listener/mqtt'),
      get('/health/checks/node-is-mirror-sync-critical'),
      get('/health/checks/node-is-quorum-critical'),
      get('/health/checks/certificate-expiration/1/months'),
      get('/health/checks/certificate-expiration/1/cats'),
      get('/health/checks/certificate-expiration/one/days'),
    ],
  },
  {
    name: 'definitions',
    steps: [
      put('/vhosts/hc-defs'),
      post('/definitions/hc-defs', DECLARED),
      get(`/definitions/hc-defs?columns=${COLUMNS}`),
      get('/queues/hc-defs?columns=name,durable,arguments,policy'),
      post('/definitions/hc-defs', DECLARED),
      post('/definitions/hc-missing', {}),
      get('/definitions/hc-missing'),
      { ...post('/definitions/hc-defs', '{'), headers: { 'content-type': 'application/json' } },
      post('/definitions', { users: [{ name: 'hc-dora', password: 'secret', tags: 'management' }] }),
      post('/definitions', {
        permissions: [{ user: 'hc-dora', vhost: 'hc-defs', configure: '', write: '', read: '' }],
      }),
      get('/permissions/hc-defs/hc-dora'),
      post('/definitions', { vhosts: [{ name: 'hc-more' }] }),
      get('/vhosts/hc-more?columns=name'),
      get('/definitions?columns=rabbitmq_version,rabbit_version'),
      remove('/users/hc-dora'),
      remove('/vhosts/hc-more'),
      remove('/vhosts/hc-defs'),
    ],
  },
];
