/** Policies and operator policies. */
import { type Api, at, isMissing } from '../../api.js';
import { type CtlCommand, DONE, type Given, type Option, type Outcome, one, type Row } from '../../command.js';
import { missing } from '../../missing.js';
import { existingVhost } from '../topology/vhosts.js';
import { jsonOf } from './json.js';

const COLUMNS = ['vhost', 'name', 'pattern', 'apply-to', 'definition', 'priority'] as const;

const OPTIONS: Readonly<Record<string, Option>> = {
  priority: {
    value: 'PRIORITY',
    whole: { min: -(2 ** 31), max: 2 ** 31 - 1 },
    help: 'of several that fit, the one with the highest counts; 0 by default',
  },
  'apply-to': { value: 'KIND', help: 'queues, exchanges or all, the default' },
};

/** What both kinds have, with the words that rabbitmqctl has for each. */
interface Kind {
  readonly path: string;
  readonly command: string;
  readonly list: string;
  readonly set: string;
  readonly clear: string;
  readonly listed: string;
  readonly what: string;
}

const KINDS: readonly Kind[] = [
  {
    path: 'policies',
    command: 'policy',
    list: 'list_policies',
    set: 'Setting policy',
    clear: 'Clearing policy',
    listed: 'Listing policies for vhost',
    what: 'policy',
  },
  {
    path: 'operator-policies',
    command: 'operator_policy',
    list: 'list_operator_policies',
    set: 'Setting operator policy override',
    clear: 'Clearing operator policy',
    listed: 'Listing operator policy overrides for vhost',
    what: 'operator policy, which bounds what policies may say',
  },
];

export const POLICY_COMMANDS: readonly CtlCommand[] = KINDS.flatMap((kind) => [
  {
    name: `set_${kind.command}`,
    subject: 'Policies',
    summary: `sets a ${kind.what}: for all queues and exchanges whose names fit`,
    arguments: [one('name'), one('pattern'), one('definition')],
    options: OPTIONS,
    isInVhost: true,
    banner: ({ vhost, argument, option }) =>
      `${kind.set} "${argument('name')}" for pattern "${argument('pattern')}" to "${argument('definition')}" ` +
      `with priority "${option('priority') ?? '0'}" for vhost "${vhost}" ...`,
    run: (given, api) => set(kind, given, api),
  },
  {
    name: `clear_${kind.command}`,
    subject: 'Policies',
    summary: `clears a ${kind.what.split(',')[0]}`,
    arguments: [one('name')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `${kind.clear} "${argument('name')}" on vhost "${vhost}" ...`,
    run: async ({ vhost, argument }, api) => {
      await existingVhost(api, vhost);
      await clear(kind, vhost, argument('name'), api);
      return DONE;
    },
  },
  {
    name: kind.list,
    subject: 'Policies',
    summary: `lists the ${kind.path.replace('-', ' ')} of a vhost`,
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `${kind.listed} "${vhost}" ...`,
    run: async ({ vhost }, api) => {
      await existingVhost(api, vhost);
      const policies = await api.get<readonly Row[]>(at(kind.path, vhost));
      const rows = policies.map(({ definition, ...policy }) => ({ ...policy, definition: JSON.stringify(definition) }));
      return { kind: 'rows', columns: COLUMNS, rows, emptyLine: true };
    },
  },
]);

async function set({ path }: Kind, { vhost, argument, option }: Given, api: Api): Promise<Outcome> {
  const definition = jsonOf(argument('definition'));
  await existingVhost(api, vhost);
  await api.put(at(path, vhost, argument('name')), {
    pattern: argument('pattern'),
    definition,
    priority: Number(option('priority') ?? '0'),
    'apply-to': option('apply-to') ?? 'all',
  });
  return DONE;
}

async function clear({ path, command }: Kind, vhost: string, name: string, api: Api): Promise<void> {
  try {
    await api.delete(at(path, vhost, name));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missing(`${command.replace('_', ' ')} '${name}' in vhost '${vhost}'`, 'cleared');
  }
}
