/** What there is at the source and what becomes of it: asked, compared and, unless it is a trial, declared at the target. */
import { definitionsFrom } from './definitions.js';
import { ManagementApi } from './management-api.js';
import { MigrationError, type Plan, PRODUCT } from './plan.js';
import { QueueCounts, type SourceQueue } from './source.js';

export interface Inventory {
  readonly queues: readonly SourceQueue[];
  /** What is otherwise at the target, or left out: a line each. */
  readonly differences: readonly string[];
  /** Declares at the target what was asked for. */
  declare(): Promise<void>;
}

interface ListedQueue {
  readonly name: string;
  readonly vhost: string;
  readonly type?: string;
  readonly auto_delete?: boolean;
  readonly exclusive?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly consumers?: number;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
}

const COLUMNS = [
  ...['name', 'vhost', 'type', 'auto_delete', 'exclusive', 'arguments'],
  ...['consumers', 'messages_ready', 'messages_unacknowledged'],
].join(',');

/** Rejects with a `MigrationError`. */
export async function inventoryOf(plan: Plan): Promise<Inventory> {
  const api = new ManagementApi(plan.sourceHttp, plan.tls, '--from-http');
  const vhost = plan.allVhosts ? null : plan.source.vhost;
  const scope = vhost === null ? '' : `/${encodeURIComponent(vhost)}`;
  const text = plan.definitions ?? (await api.text(`/api/definitions${scope}`));
  const definitions = definitionsFrom(text, vhost, plan.target.user);
  const listed =
    plan.definitions === null
      ? (await api.get<readonly ListedQueue[]>(`/api/queues${scope}?columns=${COLUMNS}`)).map(queueOf)
      : definitions.queues;
  const queues = await counted(plan, wanted(listed, plan.queues));
  return {
    queues,
    differences: [...definitions.differences, ...held(queues)],
    declare: () => declare(plan, definitions.text, definitions.vhosts),
  };
}

function queueOf(listed: ListedQueue): SourceQueue {
  const { name, vhost, type, arguments: args = {} } = listed;
  const declared = args['x-queue-type'];
  return {
    name,
    vhost,
    type: typeof declared === 'string' ? declared : (type ?? 'classic'),
    isAutoDelete: listed.auto_delete === true,
    isExclusive: listed.exclusive === true,
    arguments: args,
    consumers: listed.consumers ?? null,
    unacknowledged: listed.messages_unacknowledged ?? null,
    ready: listed.messages_ready ?? null,
  };
}

function wanted(queues: readonly SourceQueue[], names: readonly string[]): readonly SourceQueue[] {
  if (names.length === 0) return queues;
  const missing = names.find((name) => !queues.some((queue) => queue.name === name));
  if (missing !== undefined) throw new MigrationError(`the source has no queue '${missing}' (--queue)`);
  return queues.filter(({ name }) => names.includes(name));
}

/** With what the broker itself counts: what its API tells of messages is seconds old. Rejects with a `BrokerError`. */
async function counted(plan: Plan, queues: readonly SourceQueue[]): Promise<SourceQueue[]> {
  const settings = { tls: plan.tls, heartbeat: plan.heartbeat, product: PRODUCT };
  const connections = new Map<string, QueueCounts>();
  const all: SourceQueue[] = [];
  try {
    for (const queue of queues) {
      const { vhost } = queue;
      const counts = connections.get(vhost) ?? new QueueCounts({ ...plan.source, vhost }, settings);
      connections.set(vhost, counts);
      all.push(reasonToLeave(queue) === null ? { ...queue, ready: await counts.ready(queue) } : queue);
    }
    return all;
  } finally {
    for (const counts of connections.values()) await counts.close();
  }
}

function held(queues: readonly SourceQueue[]): string[] {
  const consumed = queues.filter(({ consumers }) => (consumers ?? 0) > 0).length;
  const unacknowledged = queues.reduce((sum, queue) => sum + (queue.unacknowledged ?? 0), 0);
  return [
    ...(consumed === 0
      ? []
      : [
          `${consumed} of the queues are consumed from at the source: their consumers and the migration share the messages`,
        ]),
    ...(unacknowledged === 0
      ? []
      : [`${unacknowledged} messages are with consumers of the source, and come only if those give them back`]),
  ];
}

/** Why a queue is not moved; null: it is. */
export function reasonToLeave({ type, isExclusive, name }: SourceQueue): string | null {
  if (type === 'stream') return 'a stream: Leveret has none; consumers have to read it to its end at the source';
  if (isExclusive) return 'exclusive: it ends with the connection that has it';
  if (name.startsWith('amq.')) return 'a name that the broker has given: its client asks for a new one';
  return null;
}

async function declare(plan: Plan, text: string, vhosts: readonly string[]): Promise<void> {
  const api = new ManagementApi(plan.targetHttp, plan.tls, '--to-http');
  if (plan.allVhosts) {
    await api.post('/api/definitions', text);
    // Who declares a vhost has no rights in it by that alone.
    const rights = JSON.stringify({ configure: '.*', write: '.*', read: '.*' });
    for (const vhost of vhosts)
      await api.put(`/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(plan.target.user)}`, rights);
    return;
  }
  const path = encodeURIComponent(plan.target.vhost);
  await api.put(`/api/vhosts/${path}`, '{}');
  await api.post(`/api/definitions/${path}`, text);
}
