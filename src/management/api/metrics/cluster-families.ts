/**
 * What is told of the cluster that the broker belongs to, as its node sees it. What must hold: a broker without one tells
 * nothing of this, not even names; all numbers of a scrape are of one moment.
 */
import type { MemberView } from '../../../cluster/protocol/cluster-status.js';
import type { Role } from '../../../cluster/protocol/role.js';
import type { ClusterReport } from '../../../node/cluster/cluster-member.js';
import type { MetricType, Sample } from './exposition.js';
import { type BrokerMetric, brokerFamily, type Family } from './family.js';
import { OWN_PREFIX } from './own-families.js';
import type { Reading } from './reading.js';

/** Who was heard of within this is seen (ms). */
const SEEN_MS = 60_000;

const ROLES: Readonly<Record<Role['kind'], true>> = {
  'catching-up': true,
  standby: true,
  candidate: true,
  leader: true,
  deposed: true,
  failed: true,
  stopped: true,
};

type Value = (report: ClusterReport) => number | readonly Sample[];

function metric(type: MetricType, name: string, help: string, value: Value): BrokerMetric {
  return { type, name: `cluster_${name}`, help, of: async (reading) => value(await reading.cluster()) };
}

function gauge(name: string, help: string, value: Value): BrokerMetric {
  return metric('gauge', name, help, value);
}

function counter(name: string, help: string, value: (counts: ClusterReport['counts']) => number): BrokerMetric {
  return metric('counter', name, help, ({ counts }) => value(counts));
}

/** Of each node that was heard of; null: it is not known of this one. */
function byNode(of: (member: MemberView) => number | null): Value {
  return ({ members }) =>
    members.flatMap((member) => {
      const value = of(member);
      return value === null ? [] : [{ labels: { node: member.name }, value }];
    });
}

function samplesOf(value: number | null): readonly Sample[] {
  return value === null ? [] : [{ labels: {}, value }];
}

const TOLD = brokerFamily('leveret_cluster', [
  gauge('role', 'What this node is to its cluster: 1 for the role that it has', ({ role }) =>
    Object.keys(ROLES).map((kind) => ({ labels: { role: kind }, value: Number(kind === role.kind) })),
  ),
  gauge('serves', 'Whether this node leads and serves clients (1) or not (0)', ({ role, hold }) =>
    Number(role.kind === 'leader' && role.serves && hold === 'serve'),
  ),
  gauge('epoch', 'Which leader the cluster has, counted', ({ epoch }) => epoch),
  gauge('applied_sequence', 'The last message of the stream that is on disk here', ({ applied }) => applied),
  gauge(
    'lag_messages',
    'Messages of the stream that a node has not on disk, by node',
    byNode(({ lag }) => lag),
  ),
  gauge(
    'lag_seconds',
    'For how long the first of these has been certain, by node; told by the leader alone',
    byNode(({ lagMs }) => (lagMs === null ? null : lagMs / 1000)),
  ),
  gauge('waiting_bytes', 'What waits until the stream has it for certain', ({ waiting }) => waiting),
  counter('appends_total', 'Messages of this node that the stream has for certain', ({ appends }) => appends),
  counter('records_total', 'Records in these', ({ records }) => records),
  counter('appended_bytes_total', 'What these have in them', ({ octets }) => octets),
  counter('strays_total', 'Messages that were passed over, of leaders that were deposed', ({ strays }) => strays),
  counter('take_overs_total', 'Times that this node became the leader', ({ takeOvers }) => takeOvers),
  gauge(
    'last_take_over_seconds',
    "How long the last of these took, from the end of the other one's lease until this node served",
    ({ counts: { takeOverMs } }) => samplesOf(takeOverMs === null ? null : takeOverMs / 1000),
  ),
  gauge(
    'members_seen',
    'Nodes that were heard of within a minute',
    ({ members }) => members.filter(({ seenAgo }) => seenAgo <= SEEN_MS).length,
  ),
  gauge('trouble', 'Whether something is wrong with the stream (1) or not (0)', ({ trouble }) =>
    Number(trouble !== null),
  ),
  gauge('alarms', 'What an operator should look at, counted', ({ alarms = [] }) => alarms.length),
]);

async function* none(): AsyncIterable<string> {}

function whereItIs(told: Family['totals']): Family['totals'] {
  return (reading: Reading, prefix: string) => (reading.broker.member === null ? none() : told(reading, prefix));
}

export const CLUSTER_FAMILY: Family = {
  ...TOLD,
  totals: whereItIs(TOLD.totals),
  each: whereItIs((reading, prefix) => TOLD.each(reading, prefix, null)),
  prefix: OWN_PREFIX,
};
