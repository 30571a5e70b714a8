/**
 * The cluster that the broker belongs to: how it is, and what an operator does to it. What must hold: what cannot be done
 * is refused with the reason before anything is asked of the node.
 */
import type { ClusterMember, ClusterReport } from '../../../node/cluster/cluster-member.js';
import { Body } from '../../http/bodies.js';
import { badRequest, missing } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import { clusterJson } from './cluster-json.js';
import { elsewhere } from './health.js';

/** Who was heard of within this is there, and is not removed (ms). */
const THERE_MS = 10_000;

export function clusterRoutes({ route }: HttpServer, given: ClusterMember | null): void {
  route('/api/leveret/cluster', {
    GET: { tag: 'administrator', handle: async () => clusterJson(await memberOf(given).status()) },
  });
}

export function steeringRoutes({ route }: HttpServer, given: ClusterMember | null): void {
  route('/api/leveret/cluster/step-down', {
    POST: {
      tag: 'administrator',
      handle: async ({ body }, reply) => {
        const member = memberOf(given);
        const fields = new Body(body);
        const to = fields.value('to') === undefined ? null : fields.text('to');
        refuseStepDown(await member.status(), to);
        if (!(await member.stepDown(to))) throw badRequest('this node hands over already');
        return reply.status(204).send();
      },
    },
  });
  route('/api/leveret/cluster/members/:member', {
    DELETE: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const member = memberOf(given);
        const { member: node } = params as { readonly member: string };
        refuseRemoval(await member.status(), node);
        if (!(await member.remove(node))) throw missing(`no node '${node}' in the cluster`);
        return reply.status(204).send();
      },
    },
  });
}

function memberOf(given: ClusterMember | null): ClusterMember {
  if (given === null) throw missing('this broker belongs to no cluster');
  return given;
}

/** Throws why the node cannot hand over so. */
function refuseStepDown(report: ClusterReport, to: string | null): void {
  const { role, name, members } = report;
  if (role.kind !== 'leader') throw badRequest(elsewhere(report));
  if (!role.serves) throw badRequest(`node ${name} has not begun to serve yet`);
  if (to === null) return;
  if (to === name) throw badRequest(`node ${name} leads already`);
  const member = members.find((one) => one.name === to);
  if (member === undefined) throw missing(`no node '${to}' in the cluster`);
  if (member.state !== 'standby') throw badRequest(`node ${to} is no standby: its state is ${member.state}`);
}

/** Throws why a node cannot be removed. */
function refuseRemoval({ name, members }: ClusterReport, node: string): void {
  if (node === name) throw badRequest(`node ${name} answers this itself: end it first, and ask another one`);
  const member = members.find((one) => one.name === node);
  if (member === undefined) throw missing(`no node '${node}' in the cluster`);
  if (member.seenAgo > THERE_MS) return;
  const ago = Math.round(member.seenAgo / 1000);
  throw badRequest(`node ${node} was heard of ${ago} s ago: end it first, and wait ${THERE_MS / 1000} s`);
}
