/**
 * Who calls the HTTP API: HTTP Basic with a user of the broker who has one of RabbitMQ's tags for it. What must hold:
 * nobody gets further than this without a right password, and those who guess are slowed as clients of AMQP are.
 */
import type { FastifyRequest } from 'fastify';
import { GUEST, type User } from '../../broker/access/accounts.js';
import type { Logins } from '../../connection/handshake/logins.js';
import { isLoopback } from '../../connection/transport/endpoint.js';
import type { Credentials } from '../sessions/amqp-session.js';
import { HttpError, notAuthorised } from './errors.js';
import { isOperators, OPERATOR, OPERATOR_ADDRESS } from './operator.js';

/** What a tag lets its users do; each includes those before it, but for policymaker, who does not monitor. */
export type Tag = 'management' | 'policymaker' | 'monitoring' | 'administrator';

/** Who calls. */
export interface Caller extends Credentials {
  readonly tags: readonly string[];
  readonly address: string;
  readonly port: number;
  /** Has no user: it comes by the control socket. */
  readonly isOperator: boolean;
}

export interface Accounts {
  user(name: string): User | undefined;
}

const INCLUDED: Readonly<Record<Tag, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator'],
};

/** Whether somebody with these tags may do what a tag stands for. */
export function hasTag({ tags }: Pick<Caller, 'tags'>, tag: Tag): boolean {
  return INCLUDED[tag].some((one) => tags.includes(one));
}

/** Resolves with who calls; rejects with the answer to a call that shows nobody. */
export async function authenticate(
  request: Pick<FastifyRequest, 'headers' | 'ip' | 'socket'>,
  accounts: Accounts,
  logins: Pick<Logins, 'accepts' | 'refused'>,
): Promise<Caller> {
  const credentials = basicCredentials(request.headers.authorization);
  const byControlSocket = isOperators(request.socket);
  // Who names a user there asks whether the password is right.
  if (byControlSocket && request.headers.authorization === undefined) return OPERATOR;
  if (credentials === null) throw challenge(null);
  const { user: name, password } = credentials;
  const address = byControlSocket ? OPERATOR_ADDRESS : request.ip;
  if (!(await logins.accepts(address, name, password))) throw challenge('Login failed');
  const user = accounts.user(name);
  if (user === undefined) throw challenge('Login failed');
  if (name === GUEST && !isLoopback(address)) {
    logins.refused(address, name, 'this user comes from the same machine only');
    throw notAuthorised('User can only log in via localhost');
  }
  const port = request.socket.remotePort ?? 0;
  const caller = { user: name, password, tags: user.tags, address, port, isOperator: false };
  if (!hasTag(caller, 'management')) throw notAuthorised('Not management user');
  return caller;
}

function challenge(reason: string | null): HttpError {
  const headers = { 'www-authenticate': 'Basic realm="RabbitMQ Management"' };
  return new HttpError(401, reason === null ? '' : 'not_authorized', reason ?? '', headers);
}

function basicCredentials(header: string | undefined): Credentials | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
