/** `report`: what other commands tell, one after the other, for whoever helps from afar. */
import { type Api, at } from '../api.js';
import type { CtlCommand, Given, Outcome, Row } from '../command.js';
import { written } from '../format.js';
import { PERMISSION_COMMANDS } from './access/permissions.js';
import { CLUSTER_COMMANDS } from './node/cluster.js';
import { NODE_COMMANDS } from './node/node.js';
import { PARAMETER_COMMANDS } from './settings/parameters.js';
import { POLICY_COMMANDS } from './settings/policies.js';
import { CONNECTION_COMMANDS } from './topology/connections.js';
import { QUEUE_COMMANDS } from './topology/queues.js';

/** In rabbitmqctl's order. */
const OF_THE_BROKER = ['status', 'cluster_status', 'environment', 'list_connections', 'list_channels'];
const OF_EACH_VHOST = [
  'list_queues',
  'list_exchanges',
  'list_bindings',
  'list_consumers',
  'list_permissions',
  'list_policies',
  'list_parameters',
];

const TOLD: readonly CtlCommand[] = [
  ...NODE_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...QUEUE_COMMANDS,
  ...PERMISSION_COMMANDS,
  ...POLICY_COMMANDS,
  ...PARAMETER_COMMANDS,
];

export const REPORT: CtlCommand = {
  name: 'report',
  subject: 'Node',
  summary: 'tells all that status, cluster_status, environment and the lists tell, without secrets',
  arguments: [],
  banner: () => 'Reporting server status of the broker ...\n',
  run: report,
};

async function report(given: Given, api: Api): Promise<Outcome> {
  const vhosts = (await api.get<readonly Row[]>(at('vhosts'))).map(({ name }) => String(name));
  const told: string[] = [];
  for (const name of OF_THE_BROKER) told.push(await tell(name, given, api));
  for (const vhost of vhosts) {
    for (const name of OF_EACH_VHOST) told.push(await tell(name, { ...given, vhost, hasVhost: true }, api));
  }
  told.push(await tell('list_global_parameters', given, api));
  return { kind: 'text', text: told.join('\n').trimEnd() };
}

/** What a command says when nothing but its name is typed; lists with all their columns. */
async function tell(name: string, given: Given, api: Api): Promise<string> {
  const command = TOLD.find((one) => one.name === name);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  const { standard = [], others = [] } = command.columns ?? {};
  const alone: Given = {
    ...given,
    argument: () => '',
    optional: () => undefined,
    several: [...standard, ...others],
    option: () => null,
    has: () => false,
    isForPeople: true,
  };
  return `${command.banner?.(alone) ?? ''}\n${written(await command.run(alone, api), 'table', true)}`;
}
