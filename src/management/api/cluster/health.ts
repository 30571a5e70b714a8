/**
 * Whether this node serves, for whoever has no password: a balancer, a container's check. What must hold: it says nothing
 * but that and who leads the cluster; of several nodes at most one is ready, the one that leads.
 */
import type { ClusterMember, ClusterReport } from '../../../node/cluster/cluster-member.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';

/** `member`: null without a cluster. */
export function healthRoutes({ route }: HttpServer, member: ClusterMember | null): void {
  route('/api/health/live', { GET: { tag: null, handle: async () => ({ status: 'ok' }) } });
  route('/api/health/ready', {
    GET: {
      tag: null,
      handle: async (_request, reply) => {
        const finding = member === null ? { status: 'ok' } : readiness(await member.status());
        return reply.status(finding.status === 'ok' ? 200 : 503).send(finding);
      },
    },
  });
}

function readiness(report: ClusterReport): JsonObject & { readonly status: string } {
  const { role, hold, name, leader } = report;
  if (role.kind !== 'leader') return { status: 'failed', reason: `${elsewhere(report)}.`, leader };
  if (role.serves && hold === 'serve') return { status: 'ok', leader: name };
  return { status: 'failed', reason: `Node ${name} leads the cluster, and does not serve at the moment.`, leader };
}

/** Where clients are served instead. */
export function elsewhere({ name, leader }: ClusterReport): string {
  const other = leader === null || leader === name ? 'no node leads it at the moment' : `node ${leader} leads it`;
  return `Node ${name} does not lead the cluster: ${other}`;
}
