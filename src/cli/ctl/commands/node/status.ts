/** What `status` tells: rabbitmqctl's fields, as far as there is such a thing here. */
import { type as osName } from 'node:os';
import { type Api, at } from '../../api.js';
import { inGigabytes, type Listener, listenersOf, listenerText, type Part, partsText } from './parts.js';

/** What the API tells of the broker, as far as it is of use here. */
interface Overview {
  readonly rabbitmq_version?: string;
  readonly product_name?: string;
  readonly product_version?: string;
  readonly release_series_support_status?: string;
  readonly erlang_full_version?: string;
  readonly object_totals?: { readonly connections?: number; readonly queues?: number };
  readonly listeners?: readonly Listener[];
}

/** The same of the process and its machine. */
interface Node {
  readonly name?: string;
  readonly os_pid?: string;
  readonly uptime?: number;
  readonly run_queue?: number;
  readonly proc_total?: number;
  readonly proc_used?: number;
  readonly db_dir?: string;
  readonly config_files?: readonly string[];
  readonly log_files?: readonly string[];
  readonly mem_used?: number;
  readonly mem_limit?: number;
  readonly mem_alarm?: boolean;
  readonly fd_total?: number;
  readonly fd_used?: number;
  readonly sockets_total?: number;
  readonly sockets_used?: number;
  readonly disk_free?: number;
  readonly disk_free_limit?: number;
  readonly disk_free_alarm?: boolean;
  readonly net_ticktime?: number;
  readonly enabled_plugins?: readonly string[];
  readonly mem_calculation_strategy?: string;
}

/** Fields by rabbitmqctl's names. */
export type Status = ReturnType<typeof fieldsOf>;

export async function statusOf(api: Api): Promise<Status> {
  const overview = await api.get<Overview>(at('overview'));
  const [node = {}] = await api.get<readonly Node[]>(at('nodes'));
  const vhosts = await api.get<readonly unknown[]>(at('vhosts'));
  return fieldsOf(overview, node, vhosts.length);
}

function fieldsOf(overview: Overview, node: Node, vhosts: number) {
  return {
    os: osName(),
    pid: Number(node.os_pid ?? 0),
    uptime: Math.floor((node.uptime ?? 0) / 1000),
    is_under_maintenance: false,
    node_name: node.name ?? '',
    rabbitmq_version: overview.rabbitmq_version ?? '',
    product_name: overview.product_name ?? '',
    product_version: overview.product_version ?? '',
    release_series_support_status: overview.release_series_support_status ?? '',
    erlang_version: overview.erlang_full_version ?? '',
    net_ticktime: node.net_ticktime ?? 0,
    active_plugins: node.enabled_plugins ?? [],
    run_queue: node.run_queue ?? 0,
    processes: { limit: node.proc_total ?? 0, used: node.proc_used ?? 0 },
    data_directory: node.db_dir ?? '',
    config_files: node.config_files ?? [],
    log_files: node.log_files ?? [],
    alarms: alarmsOf(node),
    memory: { strategy: 'rss', total: { rss: node.mem_used ?? 0 } },
    vm_memory_calculation_strategy: node.mem_calculation_strategy ?? 'rss',
    vm_memory_high_watermark_limit: node.mem_limit ?? 0,
    vm_memory_high_watermark_setting: { absolute: node.mem_limit ?? 0 },
    file_descriptors: {
      total_limit: node.fd_total ?? 0,
      total_used: node.fd_used ?? 0,
      sockets_limit: node.sockets_total ?? 0,
      sockets_used: node.sockets_used ?? 0,
    },
    disk_free: node.disk_free ?? 0,
    disk_free_limit: node.disk_free_limit ?? 0,
    totals: {
      connection_count: overview.object_totals?.connections ?? 0,
      queue_count: overview.object_totals?.queues ?? 0,
      virtual_host_count: vhosts,
    },
    listeners: listenersOf(overview.listeners ?? []),
  };
}

/** What a node waits for. */
export function alarmsOf(node: Pick<Node, 'mem_alarm' | 'disk_free_alarm'>): string[] {
  return [
    ...(node.mem_alarm === true ? ['memory alarm'] : []),
    ...(node.disk_free_alarm === true ? ['free disk space alarm'] : []),
  ];
}

/** The same for people, in rabbitmqctl's parts. */
export function statusText(status: Status): string {
  const { file_descriptors: descriptors, totals } = status;
  const watermark = inGigabytes(status.vm_memory_high_watermark_limit);
  const parts: readonly Part[] = [
    {
      title: 'Runtime',
      lines: [
        `OS PID: ${status.pid}`,
        `OS: ${status.os}`,
        `Uptime (seconds): ${status.uptime}`,
        `Is under maintenance?: ${status.is_under_maintenance}`,
        `RabbitMQ version: ${status.rabbitmq_version}`,
        `RabbitMQ release series support status: ${status.release_series_support_status}`,
        `Product: ${status.product_name} ${status.product_version}`,
        `Node name: ${status.node_name}`,
        `Erlang configuration: ${status.erlang_version}`,
        `Erlang processes: ${status.processes.used} used, ${status.processes.limit} limit`,
        `Scheduler run queue: ${status.run_queue}`,
        `Cluster heartbeat timeout (net_ticktime): ${status.net_ticktime}`,
      ],
    },
    { title: 'Plugins', lines: ['Enabled plugins:', '', ...status.active_plugins.map((one) => ` * ${one}`)] },
    {
      title: 'Data directory',
      lines: [`Node data directory: ${status.data_directory === '' ? 'none' : status.data_directory}`],
    },
    { title: 'Config files', lines: status.config_files.map((one) => ` * ${one}`) },
    { title: 'Log file(s)', lines: status.log_files.map((one) => ` * ${one}`) },
    { title: 'Alarms', lines: status.alarms.map((one) => ` * ${one}`) },
    {
      title: 'Memory',
      lines: [
        `Total memory used: ${inGigabytes(status.memory.total.rss)}`,
        `Calculation strategy: ${status.vm_memory_calculation_strategy}`,
        `Memory high watermark setting: ${watermark}, computed to: ${watermark}`,
      ],
    },
    {
      title: 'File Descriptors',
      lines: [
        `Total: ${descriptors.total_used}, limit: ${descriptors.total_limit}`,
        `Sockets: ${descriptors.sockets_used}, limit: ${descriptors.sockets_limit}`,
      ],
    },
    {
      title: 'Free Disk Space',
      lines: [
        `Low free disk space watermark: ${inGigabytes(status.disk_free_limit)}`,
        `Free disk space: ${inGigabytes(status.disk_free)}`,
      ],
    },
    {
      title: 'Totals',
      lines: [
        `Connection count: ${totals.connection_count}`,
        `Queue count: ${totals.queue_count}`,
        `Virtual host count: ${totals.virtual_host_count}`,
      ],
    },
    { title: 'Listeners', lines: status.listeners.map(listenerText) },
  ];
  return partsText(parts);
}
