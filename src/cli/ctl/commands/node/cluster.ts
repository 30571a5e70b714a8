/** What a cluster would have: its name, its nodes, of which there is one, and what they can do. */
import { type Api, ApiError, at } from '../../api.js';
import {
  type Cell,
  type CtlCommand,
  CtlError,
  DONE,
  EXIT,
  type Given,
  type Outcome,
  one,
  type Row,
} from '../../command.js';
import { type Listener, listenersOf, listenerText, partsText, type ToldListener } from './parts.js';
import { alarmsOf } from './status.js';

interface Overview {
  readonly cluster_name: string;
  readonly node: string;
  readonly product_name: string;
  readonly product_version: string;
  readonly rabbitmq_version: string;
  readonly erlang_version: string;
  readonly listeners: readonly Listener[];
}

const NO_MAINTENANCE = 'not under maintenance';

export const CLUSTER_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'cluster_status',
    subject: 'Cluster',
    summary: 'tells of the one node that there is as rabbitmqctl tells of a cluster',
    arguments: [],
    banner: () => 'Cluster status of the broker ...',
    run: async (given, api) => {
      const status = await clusterStatusOf(api);
      return given.isForPeople ? { kind: 'text', text: clusterText(status) } : { kind: 'value', value: status };
    },
  },
  {
    name: 'set_cluster_name',
    subject: 'Cluster',
    summary: 'gives the broker a name that tools show',
    arguments: [one('name')],
    banner: ({ argument }) => `Setting cluster name to ${argument('name')} ...`,
    run: async ({ argument }, api) => {
      await api.put(at('cluster-name'), { name: argument('name') });
      return DONE;
    },
  },
  {
    name: 'list_feature_flags',
    subject: 'Feature flags',
    summary: 'lists what the broker can do, under the names of RabbitMQ',
    arguments: [],
    columns: { standard: ['name', 'state'], others: ['stability', 'provided_by', 'desc', 'doc_url'] },
    banner: () => 'Listing feature flags ...',
    run: async ({ several }, api) => {
      return { kind: 'rows', columns: several, rows: await api.get<readonly Row[]>(at('feature-flags')) };
    },
  },
  {
    name: 'enable_feature_flag',
    subject: 'Feature flags',
    summary: "takes the name of one, or 'all': what the broker can do is there",
    arguments: [one('feature_flag')],
    banner: ({ argument }) =>
      argument('feature_flag') === 'all'
        ? 'Enabling all feature flags ...'
        : `Enabling feature flag "${argument('feature_flag')}" ...`,
    run: enableFeatureFlag,
  },
  {
    name: 'list_deprecated_features',
    subject: 'Feature flags',
    summary: 'lists what will go with a later version',
    arguments: [],
    columns: { standard: ['name', 'deprecation_phase'], others: ['provided_by', 'desc', 'doc_url'] },
    options: { used: { value: null, help: 'those alone that are in use' } },
    banner: ({ has }) => (has('used') ? 'Listing deprecated features in use ...' : 'Listing deprecated features ...'),
    run: async ({ several, has }, api) => {
      const path = has('used') ? at('deprecated-features', 'used') : at('deprecated-features');
      return { kind: 'rows', columns: several, rows: await api.get<readonly Row[]>(path) };
    },
  },
];

async function enableFeatureFlag({ argument }: Given, api: Api): Promise<Outcome> {
  const name = argument('feature_flag');
  // All that there are, are on.
  if (name === 'all') return DONE;
  try {
    await api.put(at('feature-flags', name, 'enable'), { name });
    return DONE;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new CtlError(EXIT.USAGE, `This feature flag is not supported by the broker: ${name}`);
  }
}

type ClusterStatus = Awaited<ReturnType<typeof clusterStatusOf>>;

/** By rabbitmqctl's names. */
async function clusterStatusOf(api: Api) {
  const overview = await api.get<Overview>(at('overview'));
  const [node = {}] = await api.get<readonly Parameters<typeof alarmsOf>[0][]>(at('nodes'));
  const flags = await api.get<readonly { readonly [name: string]: Cell }[]>(at('feature-flags'));
  const { node: name } = overview;
  const versions = {
    erlang_version: overview.erlang_version,
    rabbitmq_name: overview.product_name,
    rabbitmq_version: overview.rabbitmq_version,
  };
  const listeners: Readonly<Record<string, readonly ToldListener[]>> = { [name]: listenersOf(overview.listeners) };
  return {
    alarms: alarmsOf(node),
    cluster_name: overview.cluster_name,
    disk_nodes: [name],
    feature_flags: flags,
    listeners,
    maintenance_status: { [name]: NO_MAINTENANCE },
    partitions: {},
    ram_nodes: [],
    running_nodes: [name],
    versions: { [name]: versions },
  };
}

function clusterText(status: ClusterStatus): string {
  const { disk_nodes: nodes, running_nodes: running, feature_flags: flags } = status;
  return partsText([
    { title: 'Basics', lines: [`Cluster name: ${status.cluster_name}`] },
    { title: 'Disk Nodes', lines: nodes },
    { title: 'Running Nodes', lines: running },
    {
      title: 'Versions',
      lines: Object.entries(status.versions).map(
        ([node, { rabbitmq_name: name, rabbitmq_version: version, erlang_version: runtime }]) =>
          `${node}: ${name} ${version} on Node.js ${runtime}`,
      ),
    },
    { title: 'Maintenance status', lines: nodes.map((node) => `Node: ${node}, status: ${NO_MAINTENANCE}`) },
    { title: 'Alarms', lines: status.alarms },
    { title: 'Network Partitions', lines: [] },
    {
      title: 'Listeners',
      lines: Object.entries(status.listeners).flatMap(([node, all]) =>
        all.map((listener) => `Node: ${node}, ${listenerText(listener).replace('Interface', 'interface')}`),
      ),
    },
    { title: 'Feature flags', lines: flags.map(({ name, state }) => `Flag: ${name}, state: ${state}`) },
  ]);
}
