/**
 * What a node that follows answers: whether it runs, that it does not serve, and to its operator how the cluster is. All
 * else is 503, with who leads. What must hold: it changes nothing; it has no users, so nobody is let in by a password.
 */
import type { RequestListener } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ClusterMember } from '../../../node/cluster/cluster-member.js';
import type { Caller } from '../../http/authentication.js';
import { HttpError, notAuthorised } from '../../http/errors.js';
import { isOperators, OPERATOR } from '../../http/operator.js';
import { createServer } from '../../http/server.js';
import { clusterRoutes } from './cluster.js';
import { elsewhere, healthRoutes } from './health.js';

/** `report` takes lines on defects for the operator. */
export async function standbyApi(member: ClusterMember, report: (line: string) => void): Promise<RequestListener> {
  const otherwise = async (): Promise<HttpError> =>
    new HttpError(503, 'unavailable', `${elsewhere(await member.status())}. Ask there.`);
  const server = createServer(callerOf, report, otherwise);
  healthRoutes(server, member);
  clusterRoutes(server, member);
  await server.app.ready();
  return (request, response) => server.app.routing(request, response);
}

async function callerOf(request: FastifyRequest): Promise<Caller> {
  if (isOperators(request.socket) && request.headers.authorization === undefined) return OPERATOR;
  throw notAuthorised('a node that follows takes no passwords: ask by its control socket, or ask the node that leads');
}
