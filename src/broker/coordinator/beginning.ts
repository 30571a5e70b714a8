/**
 * Who and what is there when a broker starts for the first time, where that is not the guest and the vhost `/`. What
 * must hold: where somebody else is asked for, the guest is gone before anyone can come in.
 */
import { allRights, GUEST } from '../access/accounts.js';
import type { DefinitionsFile } from '../definitions-file/entries.js';
import { DEFAULT_VHOST } from '../requests/names.js';
import type { Administration } from './administration.js';

export interface Beginning {
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
}

/** What every view begins with. */
export const GUEST_BEGINNING: Beginning = { user: GUEST, password: GUEST, vhost: DEFAULT_VHOST };

const ADMINISTRATOR = 'administrator';

/** What there is of before: nobody, no users; nowhere, no vhosts. */
export interface First {
  readonly nobody: boolean;
  readonly nowhere: boolean;
}

export async function begin(
  administration: Administration,
  { user, password, vhost }: Beginning,
  isFirst: First,
): Promise<void> {
  if (isFirst.nowhere && vhost !== DEFAULT_VHOST) {
    if (!administration.createVhost(vhost)) throw new Error(`there cannot be a vhost '${vhost}'`);
    administration.deleteVhost(DEFAULT_VHOST);
  }
  const isGuest = user === GUEST && password === GUEST;
  if (!isFirst.nobody || (isGuest && vhost === DEFAULT_VHOST)) return;
  if (!isGuest) {
    administration.users.delete(GUEST);
    const refused = await administration.users.add(user, password, [ADMINISTRATOR]);
    if (refused !== null) throw new Error(refused);
  }
  for (const one of administration.vhosts()) administration.users.setPermissions(allRights(user, one));
}

/** The same where a file of definitions says who and what there is: as in RabbitMQ, nobody and nothing else. */
export function beginWith(file: DefinitionsFile, administration: Administration, isFirst: First): void {
  if (isFirst.nobody) administration.users.delete(GUEST);
  const isListed = file.vhosts.some(({ vhost }) => vhost === DEFAULT_VHOST);
  if (isFirst.nowhere && !isListed) administration.deleteVhost(DEFAULT_VHOST);
}
