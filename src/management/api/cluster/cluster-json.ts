/** How a cluster is, as the HTTP API tells it: times in seconds, sizes in octets. */
import type { MemberView, StreamView } from '../../../cluster/protocol/cluster-status.js';
import type { Role } from '../../../cluster/protocol/role.js';
import type { ClusterReport } from '../../../node/cluster/cluster-member.js';
import type { JsonObject } from '../../http/listings.js';

export function clusterJson(report: ClusterReport): JsonObject {
  const { name, role, epoch, leader, hold, read, applied, waiting, members, stream, counts } = report;
  return {
    node: name,
    role: role.kind,
    serves: role.kind === 'leader' && role.serves && hold === 'serve',
    epoch,
    leader,
    read,
    applied,
    waiting_bytes: waiting,
    nodes: members.map(nodeJson),
    stream: stream === null ? null : streamJson(stream),
    weaknesses: report.weaknesses,
    trouble: troubleOf(role) ?? report.trouble,
    alarms: report.alarms ?? [],
    counts: {
      appends: counts.appends,
      records: counts.records,
      bytes: counts.octets,
      strays: counts.strays,
      take_overs: counts.takeOvers,
      last_take_over_seconds: seconds(counts.takeOverMs),
    },
  };
}

function nodeJson({ name, version, address, state, epoch, read, applied, ...member }: MemberView): JsonObject {
  return {
    name,
    version,
    address,
    state,
    epoch,
    read,
    applied,
    lag: member.lag,
    lag_seconds: seconds(member.lagMs),
    seen_seconds_ago: seconds(member.seenAgo),
    trouble: member.trouble,
  };
}

function streamJson({ state, first, last, octets, leader, replicas }: StreamView): JsonObject {
  const servers = replicas.map(({ server, isCurrent }) => ({ server, current: isCurrent }));
  return { state, first, last, bytes: octets, leader, replicas: servers };
}

/** Why it is a node no more. */
function troubleOf(role: Role): string | null {
  return role.kind === 'failed' ? role.error.message : null;
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms) / 1000;
}
