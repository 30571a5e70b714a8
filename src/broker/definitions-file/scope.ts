/** For which vhost an entry is: it names one, unless the file is for one vhost alone. */
import type { Fields } from './fields.js';

/** `all`: for this one, whatever entries say; `unnamed`: for this one where they name none. */
export type Scope = { readonly all: string } | { readonly unnamed: string };

export function vhostIn(fields: Fields, scope: Scope): string {
  if ('all' in scope) return scope.all;
  return fields.value('vhost') === undefined ? scope.unnamed : fields.resource('vhost');
}
