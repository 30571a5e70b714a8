/**
 * Who calls the HTTP API: a user of the broker by HTTP Basic, or the bearer of a token (OAuth 2), by Bearer or in place
 * of a password, who has one of RabbitMQ's tags for it. What must hold: nobody gets further than this without a right
 * password or token, and those who guess are slowed as clients of AMQP are.
 */
import type { FastifyRequest } from 'fastify';
import { type Accounts, GUEST } from '../../broker/access/accounts.js';
import { type Principal, principalOfUser } from '../../broker/access/principal.js';
import { type Grant, principalOfGrant } from '../../broker/access/scopes.js';
import type { Logins } from '../../connection/handshake/logins.js';
import type { TokenLogins } from '../../connection/tokens/token-logins.js';
import { looksLikeToken } from '../../connection/tokens/token-verifier.js';
import { isLoopback } from '../../connection/transport/endpoint.js';
import type { Credentials } from '../sessions/amqp-session.js';
import { HttpError, notAuthorised } from './errors.js';
import { isOperators, OPERATOR, OPERATOR_ADDRESS } from './operator.js';

/** Sent with each request of the web page: browsers let no other site send it. */
export const PAGE_HEADER = 'x-requested-with';

/** What a tag lets its users do; each includes those before it, but for policymaker, who does not monitor. */
export type Tag = 'management' | 'policymaker' | 'monitoring' | 'administrator';

/** Who calls. */
export interface Caller extends Credentials {
  readonly tags: readonly string[];
  readonly address: string;
  readonly port: number;
  /** Has no user: it comes by the control socket. */
  readonly isOperator: boolean;
  /** What was granted to whom is no user; null: a user, with a password. */
  readonly grant: Grant | null;
  mayEnter(vhost: string): boolean;
}

/** Where those who call are known. */
export interface LoginsOfHttp {
  readonly accounts: Accounts;
  readonly passwords: Pick<Logins, 'accepts' | 'refused'>;
  /** Null: nobody comes by a token. */
  readonly tokens: Pick<TokenLogins, 'login'> | null;
}

const INCLUDED: Readonly<Record<Tag, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator'],
};

/** Tags that a token can give. */
const USEFUL_TAGS = INCLUDED.management;

/** Whether somebody with these tags may do what a tag stands for. */
export function hasTag({ tags }: Pick<Caller, 'tags'>, tag: Tag): boolean {
  return INCLUDED[tag].some((one) => tags.includes(one));
}

/** Resolves with who calls; rejects with the answer to a call that shows nobody. */
export async function authenticate(
  request: Pick<FastifyRequest, 'headers' | 'ip' | 'socket'>,
  logins: LoginsOfHttp,
): Promise<Caller> {
  const { authorization } = request.headers;
  const byControlSocket = isOperators(request.socket);
  // Who names a user there asks whether the password is right.
  if (byControlSocket && authorization === undefined) return OPERATOR;
  const shown = credentialsIn(authorization);
  if (shown === null) throw challenge(null);
  const address = byControlSocket ? OPERATOR_ADDRESS : request.ip;
  const login = shown.isToken || (logins.tokens !== null && looksLikeToken(shown.password)) ? byToken : byPassword;
  const { principal, tags, grant } = await login(logins, address, shown);
  const { name } = principal;
  if (name === GUEST && !isLoopback(address)) {
    logins.passwords.refused(address, name, 'this user comes from the same machine only');
    throw notAuthorised('User can only log in via localhost');
  }
  const port = request.socket.remotePort ?? 0;
  const { password } = shown;
  const mayEnter = (vhost: string): boolean => principal.mayEnter(vhost);
  const caller = { user: name, password, tags, address, port, isOperator: false, grant, mayEnter };
  if (!hasTag(caller, 'management')) throw notAuthorised('Not management user');
  return caller;
}

interface Known {
  readonly principal: Principal;
  readonly tags: readonly string[];
  readonly grant: Grant | null;
}

async function byPassword(
  { accounts, passwords }: LoginsOfHttp,
  address: string,
  { user: name, password }: Credentials,
): Promise<Known> {
  if (!(await passwords.accepts(address, name, password))) throw challenge('Login failed');
  const user = accounts.user(name);
  if (user === undefined) throw challenge('Login failed');
  return { principal: principalOfUser(accounts, name), tags: user.tags, grant: null };
}

async function byToken({ tokens, passwords }: LoginsOfHttp, address: string, shown: Credentials): Promise<Known> {
  if (tokens === null) {
    passwords.refused(address, shown.user, 'no tokens are taken here');
    throw challenge('Login failed');
  }
  const grant = (await tokens.login(address, shown))?.grant ?? null;
  if (grant === null) throw challenge('Login failed');
  const principal = principalOfGrant(grant);
  return { principal, tags: USEFUL_TAGS.filter((tag) => principal.hasTag(tag)), grant };
}

/** Whether somebody who was let in would be now, a while later. */
export function mayStill(caller: Caller, accounts: Accounts, tag: Tag): boolean {
  if (caller.grant !== null) return caller.grant.expiresAt > Date.now();
  const user = accounts.user(caller.user);
  return user !== undefined && hasTag(user, tag);
}

function challenge(reason: string | null): HttpError {
  const headers = { 'www-authenticate': 'Basic realm="RabbitMQ Management"' };
  return new HttpError(401, reason === null ? '' : 'not_authorized', reason ?? '', headers);
}

interface Shown extends Credentials {
  readonly isToken: boolean;
}

/** Null: nothing that could be read. */
function credentialsIn(header: string | undefined): Shown | null {
  const [, token] = /^bearer +([\w.~+/=-]+)$/i.exec(header ?? '') ?? [];
  if (token !== undefined) return { user: '', password: token, isToken: true };
  const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1), isToken: false };
}
