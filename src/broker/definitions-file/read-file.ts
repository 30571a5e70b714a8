/**
 * Reads a file of definitions: whatever is wrong in itself is found here, before anything is changed, and told with its
 * place. What fits together only with what the broker has is looked at later (fits.ts). What must hold: the same text
 * gives the same entries, whoever reads it.
 */
import type { DefinitionsFile } from './entries.js';
import { DefinitionsError, type Faults, Fields } from './fields.js';
import { syntaxFault } from './json-syntax.js';
import { Notes } from './notes.js';
import { readBindings, readExchanges, readQueues } from './read-declarations.js';
import { readGlobalParameters, readParameters, readPolicies } from './read-policies.js';
import { readPermissions, readTopicPermissions, readUsers, readVhosts } from './read-users.js';
import type { Scope } from './scope.js';
import { DESCRIPTIVE } from './unused.js';

const SECTIONS = [
  'users',
  'vhosts',
  'permissions',
  'topic_permissions',
  'parameters',
  'global_parameters',
  'policies',
  'queues',
  'exchanges',
  'bindings',
];

/** Throws a `DefinitionsError`; with `faults` only where the text is no object, and entries that are wrong are left out. */
export function readDefinitions(text: string, scope: Scope, faults: Faults | null = null): DefinitionsFile {
  const file = new Fields('', parsed(text), faults);
  const notes = new Notes();
  for (const name of file.names()) {
    if (!SECTIONS.includes(name) && !DESCRIPTIVE.includes(name)) {
      notes.add('sections', `'${name}' means nothing here and is left out; there are ${SECTIONS.join(', ')}`);
    }
  }
  const vhosts = readVhosts(file, notes);
  const policies = readPolicies(file, scope, notes);
  const parameters = readParameters(file, scope, notes);
  const exchanges = readExchanges(file, scope, notes);
  const queues = readQueues(file, scope, notes);
  return {
    isWhole: file.value('users') !== undefined || file.value('vhosts') !== undefined,
    vhosts: vhosts.entries,
    users: readUsers(file),
    permissions: readPermissions(file, scope),
    topicPermissions: readTopicPermissions(file, scope),
    policies: [...policies, ...parameters.policies],
    vhostLimits: [...vhosts.limits, ...parameters.vhostLimits],
    globalParameters: readGlobalParameters(file),
    exchanges,
    queues,
    bindings: readBindings(file, scope),
    notes: notes.lines,
  };
}

function parsed(text: string): unknown {
  const own = text.replace(/^\ufeff/, '');
  try {
    return JSON.parse(own);
  } catch {
    const fault = syntaxFault(own);
    const place = fault === null ? '' : ` from line ${fault.line}, column ${fault.column} on`;
    throw new DefinitionsError('', `is no JSON${place}`);
  }
}
