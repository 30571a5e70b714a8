/** All queues: searched, sorted, and acted on together. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { href } from '../../api/route.js';
import { Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import type { BulkAction } from '../../components/tables/bulk.js';
import { type NamedColumn, useColumns } from '../../components/tables/columns.js';
import { QueueFeatures, type QueueRow } from '../../components/tables/queue-row.js';
import { Table } from '../../components/tables/table.js';
import { useVhost, VhostChoice } from '../../components/tables/vhost-choice.js';
import { count, counted, duration, octets, rate } from '../../text/format.js';
import { AddQueue } from './add-queue.js';

/** What of each queue is asked for: the less, the sooner it is there. */
const COLUMNS = [
  ...['name', 'vhost', 'type', 'durable', 'auto_delete', 'exclusive', 'arguments', 'state', 'consumers'],
  ...['messages', 'messages_ready', 'messages_unacknowledged', 'message_bytes', 'oldest_message_age'],
  ...['policy', 'operator_policy'],
  ...['publish', 'deliver_get', 'ack', 'redeliver'].map((name) => `message_stats.${name}_details.rate`),
].join(',');

const columnsOfAll: readonly NamedColumn<QueueRow>[] = [
  { label: 'Name', sort: 'name', width: '26%', cell: ({ name }) => name || '(no name)' },
  { label: 'Vhost', sort: 'vhost', width: '8%', isExtra: true, cell: ({ vhost }) => vhost },
  { label: 'Type', sort: 'type', isOff: true, isExtra: true, cell: ({ type }) => type },
  { label: 'Features', isExtra: true, cell: (queue) => <QueueFeatures queue={queue} /> },
  { label: 'Policy', sort: 'policy', width: '9%', isExtra: true, cell: (queue) => <InForce queue={queue} /> },
  {
    label: 'Ready',
    sort: 'messages_ready',
    isNumber: true,
    width: '5.5rem',
    cell: (queue) => count(queue.messages_ready),
  },
  {
    label: 'Unacked',
    sort: 'messages_unacknowledged',
    isNumber: true,
    width: '6rem',
    cell: (queue) => count(queue.messages_unacknowledged),
  },
  {
    label: 'All',
    sort: 'messages',
    isNumber: true,
    isOff: true,
    isExtra: true,
    cell: (queue) => count(queue.messages),
  },
  {
    label: 'Octets',
    sort: 'message_bytes',
    isNumber: true,
    isOff: true,
    isExtra: true,
    cell: (queue) => octets(queue.message_bytes),
  },
  {
    label: 'Oldest',
    sort: 'oldest_message_age',
    isNumber: true,
    isExtra: true,
    width: '6.5rem',
    cell: (queue) => duration(queue.oldest_message_age),
  },
  {
    label: 'In',
    sort: 'message_stats.publish_details.rate',
    isNumber: true,
    isExtra: true,
    width: '5.5rem',
    cell: (queue) => rate(queue.message_stats?.publish_details?.rate ?? 0),
  },
  {
    label: 'Out',
    sort: 'message_stats.deliver_get_details.rate',
    isNumber: true,
    isExtra: true,
    width: '5.5rem',
    cell: (queue) => rate(queue.message_stats?.deliver_get_details?.rate ?? 0),
  },
  {
    label: 'Acknowledged',
    sort: 'message_stats.ack_details.rate',
    isNumber: true,
    isOff: true,
    isExtra: true,
    cell: (queue) => rate(queue.message_stats?.ack_details?.rate ?? 0),
  },
  {
    label: 'Redelivered',
    sort: 'message_stats.redeliver_details.rate',
    isNumber: true,
    isOff: true,
    isExtra: true,
    cell: (queue) => rate(queue.message_stats?.redeliver_details?.rate ?? 0),
  },
  {
    label: 'Consumers',
    sort: 'consumers',
    isNumber: true,
    isExtra: true,
    width: '7.2rem',
    cell: (queue) => count(queue.consumers),
  },
];

/** The policy in force, and the operator's, which restricts it. */
function InForce({ queue: { policy, operator_policy: operators } }: { queue: QueueRow }): JSX.Element | null {
  if (!policy && !operators) return null;
  const text = [policy, operators && `${operators} (operator)`].filter(Boolean).join(', ');
  return <span title={text}>{text}</span>;
}

type Named = Pick<QueueRow, 'vhost' | 'name'>;

function addressOf({ vhost, name }: Named, ...more: readonly string[]): string {
  return pathOf('/api/queues', vhost, name, ...more);
}

const bulk: readonly BulkAction<QueueRow>[] = [
  { verb: 'Pause', done: 'paused', run: (queue) => call('PUT', addressOf(queue, 'pause')) },
  { verb: 'Resume', done: 'resumed', run: (queue) => call('PUT', addressOf(queue, 'resume')) },
  {
    verb: 'Purge',
    done: 'purged',
    warning: (queues) =>
      `All ready messages of ${counted(queues.length, 'queue')} are lost. This cannot be taken back.`,
    run: (queue) => call('DELETE', addressOf(queue, 'contents')),
  },
  {
    verb: 'Delete',
    done: 'deleted',
    warning: (queues) =>
      `${counted(queues.length, 'queue')}, with all messages and bindings, will be gone. This cannot be taken back.`,
    run: (queue) => call('DELETE', addressOf(queue)),
  },
];

export default function QueuesPage(): JSX.Element {
  const [isAdding, setAdding] = useState(false);
  const [version, setVersion] = useState(0);
  const vhost = useVhost();
  const { columns, choice } = useColumns('queues', columnsOfAll);
  const add = (
    <button type="button" class="primary" onClick={() => setAdding(true)}>
      Add a queue
    </button>
  );
  return (
    <Page title="Queues" actions={add}>
      <p class="soft">
        A <Term name="queue">queue</Term> holds messages until a <Term name="consumer">consumer</Term> takes them. Ready
        ones wait; <Term name="unacknowledged">unacknowledged</Term> ones are being worked on.
      </p>
      <Table<QueueRow>
        label="queues"
        path={vhost === '' ? '/api/queues' : pathOf('/api/queues', vhost)}
        query={{ columns: COLUMNS }}
        columns={columns}
        keyOf={({ vhost, name }) => `${vhost} ${name}`}
        open={({ vhost, name }) => href('queues', vhost, name)}
        bulk={bulk}
        version={version}
        tools={
          <>
            <VhostChoice />
            {choice}
          </>
        }
        empty={
          <Empty title="There is no queue yet.">
            <p>Programs declare theirs when they start. To try the broker out, add one here.</p>
          </Empty>
        }
      />
      {isAdding && (
        <AddQueue
          onClose={(isAdded) => {
            setAdding(false);
            if (isAdded) setVersion(version + 1);
          }}
        />
      )}
    </Page>
  );
}
