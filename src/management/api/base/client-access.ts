/** Whose connections a caller sees and closes: the own ones; monitors see all, administrators close all. */
import type { Client } from '../../clients/client.js';
import { type Caller, hasTag } from '../../http/authentication.js';
import { type HttpError, notAuthorised } from '../../http/errors.js';

export function visibleClients(clients: readonly Client[], caller: Caller): readonly Client[] {
  return hasTag(caller, 'monitoring') ? clients : clients.filter(({ user }) => user === caller.user);
}

/** Throws the answer where it is not the caller's to see. */
export function checkSees(caller: Caller, user: string): void {
  if (user !== caller.user && !hasTag(caller, 'monitoring')) throw notYours();
}

/** Throws the answer where it is not the caller's to close. */
export function checkCloses(caller: Caller, user: string): void {
  if (user !== caller.user && !hasTag(caller, 'administrator')) throw notYours();
}

function notYours(): HttpError {
  return notAuthorised('User not authorised to access object');
}
