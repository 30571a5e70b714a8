/** What `status` tells: rabbitmqctl's fields, as far as there is such a thing here. */
import { type Api, at } from '../api.js';

/** What the API tells of the broker, as far as it is of use here. */
interface Overview {
  readonly rabbitmq_version?: string;
  readonly product_name?: string;
  readonly product_version?: string;
  readonly object_totals?: { readonly connections?: number; readonly queues?: number };
  readonly listeners?: readonly { readonly protocol: string; readonly ip_address: string; readonly port: number }[];
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
}

/** Fields by rabbitmqctl's names. */
export type Status = ReturnType<typeof fieldsOf>;

const GB = 1_000_000_000;

export async function statusOf(api: Api): Promise<Status> {
  const overview = await api.get<Overview>(at('overview'));
  const [node = {}] = await api.get<readonly Node[]>(at('nodes'));
  const vhosts = await api.get<readonly unknown[]>(at('vhosts'));
  return fieldsOf(overview, node, vhosts.length);
}

function fieldsOf(overview: Overview, node: Node, vhosts: number) {
  return {
    os: process.platform as string,
    pid: Number(node.os_pid ?? 0),
    uptime: Math.floor((node.uptime ?? 0) / 1000),
    is_under_maintenance: false,
    node_name: node.name ?? '',
    rabbitmq_version: overview.rabbitmq_version ?? '',
    product_name: overview.product_name ?? '',
    product_version: overview.product_version ?? '',
    run_queue: node.run_queue ?? 0,
    processes: { limit: node.proc_total ?? 0, used: node.proc_used ?? 0 },
    data_directory: node.db_dir ?? '',
    config_files: node.config_files ?? [],
    log_files: node.log_files ?? [],
    alarms: alarmsOf(node),
    memory: { strategy: 'rss', total: { rss: node.mem_used ?? 0 } },
    vm_memory_high_watermark_limit: node.mem_limit ?? 0,
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
    listeners: (overview.listeners ?? []).map(({ protocol, ip_address: address, port }) => ({
      protocol,
      interface: address,
      port,
    })),
  };
}

function alarmsOf(node: Node): string[] {
  return [
    ...(node.mem_alarm === true ? ['memory alarm'] : []),
    ...(node.disk_free_alarm === true ? ['free disk space alarm'] : []),
  ];
}

/** The same for people, in rabbitmqctl's parts. */
export function statusText(status: Status): string {
  const { file_descriptors: descriptors, totals } = status;
  const listed = (all: readonly string[]): string[] => (all.length === 0 ? ['(none)'] : all.map((one) => ` * ${one}`));
  const parts: readonly (readonly [string, readonly string[]])[] = [
    [
      'Runtime',
      [
        `OS PID: ${status.pid}`,
        `OS: ${status.os}`,
        `Uptime (seconds): ${status.uptime}`,
        `Is under maintenance?: ${status.is_under_maintenance}`,
        `RabbitMQ version: ${status.rabbitmq_version}`,
        `Product: ${status.product_name} ${status.product_version}`,
        `Node name: ${status.node_name}`,
      ],
    ],
    ['Data directory', [`Node data directory: ${status.data_directory === '' ? 'none' : status.data_directory}`]],
    ['Config files', listed(status.config_files)],
    ['Log file(s)', listed(status.log_files)],
    ['Alarms', listed(status.alarms)],
    [
      'Memory',
      [
        `Total memory used: ${gigabytes(status.memory.total.rss)} gb`,
        `Memory high watermark: ${gigabytes(status.vm_memory_high_watermark_limit)} gb`,
      ],
    ],
    [
      'File Descriptors',
      [
        `Total: ${descriptors.total_used}, limit: ${descriptors.total_limit}`,
        `Sockets: ${descriptors.sockets_used}, limit: ${descriptors.sockets_limit}`,
      ],
    ],
    [
      'Free Disk Space',
      [
        `Low free disk space watermark: ${gigabytes(status.disk_free_limit)} gb`,
        `Free disk space: ${gigabytes(status.disk_free)} gb`,
      ],
    ],
    [
      'Totals',
      [
        `Connection count: ${totals.connection_count}`,
        `Queue count: ${totals.queue_count}`,
        `Virtual host count: ${totals.virtual_host_count}`,
      ],
    ],
    [
      'Listeners',
      status.listeners.map(
        ({ interface: address, port, protocol }) => `Interface: ${address}, port: ${port}, protocol: ${protocol}`,
      ),
    ],
  ];
  return parts.map(([title, lines]) => `${title}\n\n${lines.join('\n')}`).join('\n\n');
}

function gigabytes(octets: number): string {
  return (octets / GB).toFixed(4);
}
