/** The consumers of all queues. */
import type { JSX } from 'preact';
import { href } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { type NamedColumn, useColumns } from '../../components/tables/columns.js';
import { Table } from '../../components/tables/table.js';
import { useVhost, VhostChoice } from '../../components/tables/vhost-choice.js';
import { count } from '../../text/format.js';
import type { Consumer } from './rows.js';

const COLUMNS: readonly NamedColumn<Consumer>[] = [
  { label: 'Tag', sort: 'consumer_tag', width: '24%', cell: ({ consumer_tag: tag }) => <span title={tag}>{tag}</span> },
  {
    label: 'Queue',
    sort: 'queue.name',
    cell: ({ queue: { vhost, name } }) => <a href={href('queues', vhost, name)}>{name}</a>,
  },
  { label: 'Vhost', sort: 'queue.vhost', isExtra: true, cell: ({ queue }) => queue.vhost },
  {
    label: 'Channel',
    sort: 'channel_details.name',
    isExtra: true,
    width: '24%',
    cell: ({ channel_details: { name } }) => <a href={href('channels', name)}>{name}</a>,
  },
  { label: 'User', sort: 'channel_details.user', isExtra: true, cell: ({ channel_details: { user } }) => user },
  {
    label: 'Acknowledges',
    sort: 'ack_required',
    isExtra: true,
    cell: ({ ack_required: isRequired }) => (isRequired ? 'yes' : 'no'),
  },
  {
    label: 'Prefetch',
    sort: 'prefetch_count',
    isNumber: true,
    isExtra: true,
    cell: ({ prefetch_count: most }) => (most === 0 ? 'no limit' : count(most)),
  },
  {
    label: 'State',
    sort: 'activity_status',
    cell: ({ active, activity_status: status, exclusive }) => (
      <>
        <Badge tone={active ? 'good' : 'warn'}>{status.replaceAll('_', ' ')}</Badge>
        {exclusive && <Badge>exclusive</Badge>}
      </>
    ),
  },
];

export default function ConsumersPage({ account }: PageProps): JSX.Element {
  const vhost = useVhost();
  const { columns, choice } = useColumns('consumers', COLUMNS);
  return (
    <Page title="Consumers">
      <p class="soft">
        {hasTag(account, 'monitoring')
          ? 'Who takes messages, and from which queue. They are looked for by queue and tag.'
          : 'Those of your own connections: monitors see those of others.'}{' '}
        <Term name="consumer">What a consumer is</Term>
      </p>
      <Table<Consumer>
        label="consumers"
        path="/api/leveret/consumers"
        query={{ vhost }}
        columns={columns}
        keyOf={({ channel_details: { name }, consumer_tag: tag }) => `${name} ${tag}`}
        open={({ channel_details: { name } }) => href('channels', name)}
        tools={
          <>
            <VhostChoice />
            {choice}
          </>
        }
        empty={
          <Empty title="No program takes messages.">
            <p>
              They wait in their <a href={href('queues')}>queues</a> until a program consumes them.
            </p>
          </Empty>
        }
      />
    </Page>
  );
}
