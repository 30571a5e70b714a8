/** Queues, exchanges and bindings: listed; queues emptied and deleted. */
import { type Api, ApiError, at } from '../../api.js';
import { type CtlCommand, CtlError, DONE, EXIT, type Given, type Outcome, one, type Row, rows } from '../../command.js';
import { missingIn } from '../../missing.js';

/** What is said where the API has no such field. */
const UNTOLD = { state: 'running', policy: null, pid: null, owner_pid: null };

export const QUEUE_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'list_queues',
    subject: 'Queues',
    summary: 'lists the queues of a vhost',
    arguments: [],
    isInVhost: true,
    options: {
      online: { value: null, help: 'all queues are: taken for the sake of scripts' },
      offline: { value: null, help: 'queues that are down: there are none' },
      local: { value: null, help: 'all queues are: taken for the sake of scripts' },
    },
    columns: {
      standard: ['name', 'messages'],
      others: [
        'durable',
        'auto_delete',
        'arguments',
        'policy',
        'operator_policy',
        'effective_policy_definition',
        'exclusive',
        'messages_ready',
        'messages_unacknowledged',
        'consumers',
        'consumer_utilisation',
        'consumer_capacity',
        'message_bytes',
        'message_bytes_ready',
        'message_bytes_unacknowledged',
        'message_bytes_ram',
        'message_bytes_persistent',
        'messages_ram',
        'messages_persistent',
        'messages_paged_out',
        'message_bytes_paged_out',
        'head_message_timestamp',
        'oldest_message_age',
        'oldest_unacknowledged_age',
        'single_active_consumer_tag',
        'exclusive_consumer_tag',
        'exclusive_consumer_pid',
        'messages_ready_ram',
        'messages_unacknowledged_ram',
        'leader',
        'members',
        'online',
        'slave_pids',
        'synchronised_slave_pids',
        'pid',
        'owner_pid',
        'memory',
        'disk_reads',
        'disk_writes',
        'state',
        'type',
        'vhost',
      ],
    },
    banner: ({ timeout, vhost }) =>
      `Timeout: ${(timeout / 1000).toFixed(1)} seconds ...\nListing queues for vhost ${vhost} ...`,
    run: async (given, api) => {
      const queues = given.has('offline') ? [] : await inVhost(given, api, 'queues');
      return rows(
        given.several,
        queues.map(({ messages_ready: ready = 0, ...queue }) => ({
          ...UNTOLD,
          messages: ready,
          messages_ready: ready,
          ...queue,
        })),
      );
    },
  },
  {
    name: 'list_exchanges',
    subject: 'Queues',
    summary: 'lists the exchanges of a vhost',
    arguments: [],
    isInVhost: true,
    columns: {
      standard: ['name', 'type'],
      others: ['durable', 'auto_delete', 'internal', 'arguments', 'policy', 'user_who_performed_action', 'vhost'],
    },
    banner: ({ vhost }) => `Listing exchanges for vhost ${vhost} ...`,
    run: async (given, api) => rows(given.several, await inVhost(given, api, 'exchanges')),
  },
  {
    name: 'list_bindings',
    subject: 'Queues',
    summary: 'lists the bindings of a vhost',
    arguments: [],
    isInVhost: true,
    columns: {
      standard: ['source_name', 'source_kind', 'destination_name', 'destination_kind', 'routing_key', 'arguments'],
      others: ['vhost'],
    },
    banner: ({ vhost }) => `Listing bindings for vhost ${vhost}...`,
    run: async (given, api) => {
      const bindings = await inVhost(given, api, 'bindings');
      return rows(
        given.several,
        bindings.map(({ source, destination, destination_type: kind, ...rest }) => ({
          ...rest,
          source_name: source ?? '',
          source_kind: 'exchange',
          destination_name: destination ?? '',
          destination_kind: kind ?? '',
        })),
      );
    },
  },
  {
    name: 'purge_queue',
    subject: 'Queues',
    summary: 'throws away the messages of a queue that are ready',
    arguments: [one('queue')],
    isInVhost: true,
    options: { count: { value: 'N', whole: { min: 1, max: 999_999_999 }, help: 'the first N alone; else all' } },
    banner: ({ vhost, argument }) => `Purging queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: async ({ vhost, argument, option }, api) => {
      const name = argument('queue');
      const path = at('queues', vhost, name);
      if ((await api.find(path)) === null) throw await missingIn(api, vhost, `queue '${name}'`, 'purged');
      const count = option('count');
      await api.delete(`${path}/contents${count === null ? '' : `?count=${count}`}`);
      return DONE;
    },
  },
  {
    name: 'explain_queue',
    subject: 'Queues',
    summary: 'says in plain words what is the matter with a queue, and what to do about it',
    arguments: [one('queue')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Explaining queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: explainQueue,
  },
  {
    name: 'pause_queue',
    subject: 'Queues',
    summary: 'has a queue give out nothing, while it takes messages as ever',
    arguments: [one('queue')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Pausing queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: (given, api) => pause(given, api, 'pause'),
  },
  {
    name: 'resume_queue',
    subject: 'Queues',
    summary: 'has a paused queue go on',
    arguments: [one('queue')],
    isInVhost: true,
    banner: ({ vhost, argument }) => `Resuming queue '${argument('queue')}' in vhost '${vhost}' ...`,
    run: (given, api) => pause(given, api, 'resume'),
  },
  {
    name: 'delete_queue',
    subject: 'Queues',
    summary: 'deletes a queue with its messages',
    arguments: [one('queue')],
    isInVhost: true,
    options: {
      'if-empty': { value: null, short: 'e', help: 'only if it has no messages' },
      'if-unused': { value: null, short: 'u', help: 'only if it has no consumers' },
    },
    banner: ({ vhost, argument, has }) => {
      const conditions = ['if-empty', 'if-unused']
        .filter((name) => has(name))
        .map((name) => ` if queue is ${name.slice('if-'.length)}`);
      const when = conditions.join(' and');
      return `Deleting queue '${argument('queue')}' on vhost '${vhost}'${when} ...`;
    },
    run: deleteQueue,
  },
];

async function deleteQueue({ vhost, argument, has }: Given, api: Api): Promise<Outcome> {
  const name = argument('queue');
  const path = at('queues', vhost, name);
  const queue = await api.find<{ readonly messages_ready?: number }>(path);
  if (queue === null) throw await missingIn(api, vhost, `queue '${name}'`, 'deleted');
  const conditions = ['if-empty', 'if-unused'].filter(has).map((name) => `${name}=true`);
  try {
    await api.delete(`${path}?${conditions.join('&')}`);
  } catch (error) {
    if (error instanceof ApiError) throw new CtlError(EXIT.USAGE, refusalText(error));
    throw error;
  }
  const ready = queue.messages_ready ?? 0;
  return { kind: 'text', text: `Queue was successfully deleted with ${ready} ready messages` };
}

interface Explanation {
  readonly statements: readonly { readonly text: string; readonly next: string | null }[];
}

async function explainQueue({ vhost, argument }: Given, api: Api): Promise<Outcome> {
  const { statements } = await api.get<Explanation>(`${at('queues', vhost, argument('queue'))}/explain`);
  const lines = statements.flatMap(({ text, next }) => (next === null ? [text] : [text, `    -> ${next}`]));
  return { kind: 'text', text: lines.join('\n') };
}

async function pause({ vhost, argument }: Given, api: Api, how: 'pause' | 'resume'): Promise<Outcome> {
  await api.put(`${at('queues', vhost, argument('queue'))}/${how}`);
  return DONE;
}

/** A vhost that is not there has nothing in it. */
async function inVhost({ vhost }: Given, api: Api, what: string): Promise<readonly Row[]> {
  return (await api.find<readonly Row[]>(at(what, vhost))) ?? [];
}

/** In rabbitmqctl's words, where it has some. */
function refusalText({ message }: ApiError): string {
  if (message.includes('in use')) return 'Queue is in use';
  return message.includes('not empty') ? 'Queue is not empty' : message;
}
