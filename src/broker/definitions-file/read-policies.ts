/** Rules over what is declared, in a file of definitions: policies, and the parameters that are operators' and limits. */

import { globalParameterError } from '../policies/global-parameters.js';
import { Policies, type PolicyKind, type PolicyProposal } from '../policies/policies.js';
import type { GlobalParameterEntry, PolicyEntry, VhostLimitsEntry } from './entries.js';
import { DefinitionsError, type Fields } from './fields.js';
import type { Notes } from './notes.js';
import { checkLimits } from './read-users.js';
import { type Scope, vhostIn } from './scope.js';
import { OF_A_CLUSTER, POLICY_SETTINGS } from './unused.js';

export function readPolicies(file: Fields, scope: Scope, notes: Notes): PolicyEntry[] {
  return file.each('policies', (fields) =>
    policyIn(
      fields,
      { kind: 'policy', place: fields.place, vhost: vhostIn(fields, scope), name: fields.resource('name') },
      notes,
    ),
  );
}

export function readParameters(
  file: Fields,
  scope: Scope,
  notes: Notes,
): { readonly policies: PolicyEntry[]; readonly vhostLimits: VhostLimitsEntry[] } {
  const vhostLimits: VhostLimitsEntry[] = [];
  const policies = file.each('parameters', (fields) => {
    const component = fields.text('component');
    const name = fields.resource('name');
    const vhost = vhostIn(fields, scope);
    if (component === 'operator_policy')
      return policyIn(fields.object('value'), { kind: 'operator policy', place: fields.place, vhost, name }, notes);
    if (component === 'vhost-limits') {
      const limits = fields.record('value');
      checkLimits(fields, 'value', 'vhost', limits);
      vhostLimits.push({ place: fields.place, vhost, limits });
    } else notes.add(`parameters of '${component}'`, `parameter '${name}' of '${component}' is left out`);
    return [];
  });
  return { policies, vhostLimits };
}

/** What is of the cluster that wrote the file stays with it. */
export function readGlobalParameters(file: Fields): GlobalParameterEntry[] {
  return file.each('global_parameters', (fields) => {
    const name = fields.resource('name');
    if (OF_A_CLUSTER.includes(name)) return [];
    const parameter = { name, value: JSON.stringify(fields.value('value') ?? null) };
    const error = globalParameterError(parameter);
    if (error !== null) throw new DefinitionsError(fields.place, `cannot be set: ${error}`);
    return [{ place: fields.place, parameter }];
  });
}

interface PolicyHead {
  readonly kind: PolicyKind;
  readonly place: string;
  readonly vhost: string;
  readonly name: string;
}

/** None where all that it sets means nothing here. */
function policyIn(fields: Fields, { kind, place, vhost, name }: PolicyHead, notes: Notes): PolicyEntry[] {
  const given = Object.entries(fields.record('definition'));
  const unused = given.filter(([setting]) => POLICY_SETTINGS.has(setting)).map(([setting]) => setting);
  const isEmpty = given.length > 0 && unused.length === given.length;
  if (unused.length > 0) {
    const what = `${kind} '${name}' of vhost '${vhost}'`;
    const left = isEmpty ? 'is left out' : 'goes without some settings';
    notes.add('policies', `${what} ${left}: ${unused.join(', ')} mean${unused.length === 1 ? 's' : ''} nothing here`);
  }
  if (isEmpty) return [];
  const proposal: PolicyProposal = {
    vhost,
    name,
    pattern: fields.text('pattern'),
    definition: Object.fromEntries(given.filter(([setting]) => !POLICY_SETTINGS.has(setting))),
    priority: fields.optionalInteger('priority') ?? 0,
    applyTo: fields.optionalText('apply-to') ?? 'all',
  };
  const set = new Policies().set(kind, proposal);
  if (typeof set === 'string') throw new DefinitionsError(fields.place, `cannot be a policy: ${set}`);
  return [{ place, kind, proposal }];
}
