/**
 * Checks for whoever watches over the broker: 200 where all is well, 503 with the reason where it is not, as RabbitMQ
 * tells it.
 */
import type { FastifyReply } from 'fastify';
import { badRequest, HttpError, notFound } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { listenersOf } from './announced.js';
import { certificatesIn } from './certificates.js';

/** What a check has found. */
type Finding = { readonly status: 'ok' | 'failed' } & JsonObject;
type Check = (params: unknown) => Finding | Promise<Finding>;

const OK: Finding = { status: 'ok' };
/** There is nothing that it could lose together with others. */
const ALONE: Finding = { status: 'ok', reason: 'single node cluster' };

export function healthCheckRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const check = (path: string, found: Check): void =>
    route(`/api/health/checks/${path}`, {
      GET: { tag: 'management', handle: async ({ params }, reply) => told(await found(params), reply) },
    });
  check('alarms', () => alarmsFinding(broker, 'in effect in the cluster'));
  check('local-alarms', () => alarmsFinding(broker, 'in effect on the node'));
  check('certificate-expiration/:within/:unit', (params) => certificatesFinding(broker, params));
  check('port-listener/:port', (params) => portFinding(broker, params));
  check('protocol-listener/:protocol', (params) => protocolFinding(broker, params));
  check('virtual-hosts', () => OK);
  check('node-is-mirror-sync-critical', () => ALONE);
  check('node-is-quorum-critical', () => ALONE);
  check('is-in-service', () => OK);
  check('below-node-connection-limit', () => connectionsFinding(broker));
  check('ready-to-serve-clients', () => servingFinding(broker));
  route('/api/healthchecks/node', {
    GET: { tag: 'management', handle: async (_request, reply) => told(nodeFinding(broker), reply) },
  });
  route('/api/healthchecks/node/:node', {
    GET: {
      tag: 'management',
      handle: async ({ params }, reply) => {
        if ((params as { readonly node: string }).node !== broker.facts.node) throw notFound();
        return told(nodeFinding(broker), reply);
      },
    },
  });
}

function told(finding: Finding, reply: FastifyReply): FastifyReply {
  return reply.status(finding.status === 'ok' ? 200 : 503).send(finding);
}

function alarmsFinding({ alarms, facts: { node } }: ManagedBroker, where: string): Finding {
  const resources = [...(alarms.isLowOnDisk ? ['disk'] : []), ...(alarms.isShortOfMemory ? ['memory'] : [])];
  if (resources.length === 0) return OK;
  return {
    status: 'failed',
    reason: `There are alarms ${where}`,
    alarms: resources.map((resource) => ({ node, resource })),
  };
}

/** The check of before there were checks of each thing. */
function nodeFinding(broker: ManagedBroker): Finding {
  const { status, alarms } = alarmsFinding(broker, '');
  if (status === 'ok') return OK;
  const resources = (alarms as readonly JsonObject[]).map(({ resource }) => resource).join(', ');
  return { status: 'failed', reason: `resource alarm(s) in effect: ${resources}` };
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400 * SECOND_MS;
const UNITS: Readonly<Record<string, number>> = {
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: (365 / 12) * DAY_MS,
  years: 365 * DAY_MS,
};

function certificatesFinding(broker: ManagedBroker, params: unknown): Finding {
  const { within, unit } = params as { readonly within: string; readonly unit: string };
  if (!/^[+-]?\d{1,15}$/.test(within)) throw badRequest('Invalid expiration value.');
  const length = UNITS[unit.toLowerCase()];
  if (length === undefined) throw badRequest('Time unit not recognised. Supported units: days, weeks, months, years.');
  const expired = expiringAt(broker, Date.now() + Number(within) * length);
  return expired.length === 0 ? OK : { status: 'failed', reason: 'Certificates expiring', expired };
}

/** The listeners whose certificates are over then, or not yet good. */
function expiringAt({ facts, http, tls }: ManagedBroker, when: number): JsonObject[] {
  const setup = tls();
  if (setup === null) return [];
  const own = setup.identities.flatMap(({ certificate }) => endsOf(certificate, when));
  const authorities = setup.authority === null ? [] : endsOf(setup.authority, when);
  if (own.length === 0 && authorities.length === 0) return [];
  return listenersOf({ facts, http })
    .filter(({ protocol }) => protocol === 'amqp/ssl' || protocol.startsWith('https'))
    .map(({ protocol, host, port }) => ({
      node: facts.node,
      protocol,
      interface: host,
      port,
      certfile_expires_on: own,
      cacertfile_expires_on: authorities,
    }));
}

function endsOf(pem: string, when: number): string[] {
  return certificatesIn(pem)
    .filter(({ validFrom, validTo }) => Date.parse(validTo) < when || Date.parse(validFrom) > Date.now())
    .map(({ validTo }) => new Date(validTo).toISOString().replace('T', ' ').slice(0, 19));
}

function portFinding(broker: ManagedBroker, params: unknown): Finding {
  const { port: text } = params as { readonly port: string };
  if (!/^\d{1,9}$/.test(text)) throw badRequest('Invalid port');
  const port = Number(text);
  const ports = [...new Set(listenersOf(broker).map((listener) => listener.port))];
  if (ports.includes(port)) return { status: 'ok', port };
  return { status: 'failed', reason: 'No active listener', missing: port, ports };
}

/** Other names for what listeners speak. */
const ALSO: Readonly<Record<string, string>> = {
  amqp091: 'amqp',
  'amqp0.9.1': 'amqp',
  amqps: 'amqp/ssl',
  'amqp091/ssl': 'amqp/ssl',
};

function protocolFinding(broker: ManagedBroker, params: unknown): Finding {
  const { protocol: given } = params as { readonly protocol: string };
  const protocol = Object.hasOwn(ALSO, given.toLowerCase()) ? ALSO[given.toLowerCase()] : given.toLowerCase();
  const protocols = [...new Set(listenersOf(broker).map((listener) => listener.protocol))];
  if (protocol !== undefined && protocols.includes(protocol)) return { status: 'ok', protocol };
  return { status: 'failed', reason: 'No active listener', missing: protocol, protocols };
}

async function connectionsFinding({ administration, limits }: ManagedBroker): Promise<Finding> {
  const connections = (await administration.connections()).length;
  const limit = limits().connectionMax;
  if (connections < limit) return { status: 'ok', limit, connections };
  return { status: 'failed', reason: 'node connection limit is reached', limit, connections };
}

async function servingFinding(broker: ManagedBroker): Promise<Finding> {
  const speaksAmqp = broker.facts.listeners.some(({ kind }) => kind === 'tcp' || kind === 'tls' || kind === 'unix');
  if (!speaksAmqp) return { status: 'failed', reason: 'no active listeners for AMQP/AMQPS' };
  const { status, reason, connections } = await connectionsFinding(broker);
  return status === 'ok' ? OK : { status, reason, connections };
}

/** What the aliveness test declares; it stays, as in RabbitMQ. */
const ALIVENESS_QUEUE = 'aliveness-test';

export function alivenessRoutes({ route }: HttpServer, { view, sessions }: ManagedBroker): void {
  route('/api/aliveness-test/:vhost', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params }) => {
        const { vhost } = params as { readonly vhost: string };
        if (!view.hasVhost(vhost)) throw notFound();
        await sessions.with(caller, vhost, async (session) => {
          const declaration = {
            name: 'queue.declare',
            queue: ALIVENESS_QUEUE,
            passive: false,
            durable: false,
            exclusive: false,
            autoDelete: false,
            nowait: false,
            arguments: new Map(),
          } as const;
          await session.ask(declaration, 'queue.declare-ok');
          await session.ask({ name: 'confirm.select', nowait: false }, 'confirm.select-ok');
          await session.publish('', ALIVENESS_QUEUE, { properties: {}, body: Buffer.from('test_message') });
          if ((await session.get(ALIVENESS_QUEUE, true)) === null)
            throw new HttpError(503, 'failed', 'a message that was published did not come back');
        });
        return OK;
      },
    },
  });
}
