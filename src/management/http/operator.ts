/**
 * Who calls by the control socket: the operator, who may do everything. What must hold: only a connection that the
 * control socket has taken in is the operator's.
 */
import type { Socket } from 'node:net';
import type { Grant } from '../../broker/access/scopes.js';
import type { Caller } from './authentication.js';

const sockets = new WeakSet<Socket>();

export function markOperator(socket: Socket): void {
  sockets.add(socket);
}

export function isOperators(socket: Socket): boolean {
  return sockets.has(socket);
}

/** RabbitMQ's name for whoever uses its command. */
const NAME = 'rmq-cli';
/** As whose address the operator counts: on this machine. */
export const OPERATOR_ADDRESS = '127.0.0.1';

/** What the operator may do as a client of AMQP. */
const GRANT: Grant = {
  name: NAME,
  scopes: ['configure:*/*', 'write:*/*/*', 'read:*/*/*', 'tag:administrator'],
  expiresAt: Number.POSITIVE_INFINITY,
};

export const OPERATOR: Caller = {
  user: NAME,
  password: '',
  tags: ['administrator'],
  address: OPERATOR_ADDRESS,
  port: 0,
  isOperator: true,
  grant: GRANT,
  mayEnter: () => true,
};
