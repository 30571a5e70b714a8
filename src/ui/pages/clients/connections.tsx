/** Who is connected. */
import type { JSX } from 'preact';
import { pathOf } from '../../api/client.js';
import { href } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { type NamedColumn, useColumns } from '../../components/tables/columns.js';
import { Table } from '../../components/tables/table.js';
import { useVhost, VhostChoice } from '../../components/tables/vhost-choice.js';
import { count, moment, octetRate, octets, rate } from '../../text/format.js';
import { Closing, close, mayClose } from './closing.js';
import { type Connection, rateOf } from './rows.js';
import { StateBadge } from './states.js';

const COLUMNS: readonly NamedColumn<Connection>[] = [
  { label: 'Name', sort: 'name', width: '24%', cell: (row) => <ConnectionName connection={row} /> },
  { label: 'Vhost', sort: 'vhost', isExtra: true, cell: ({ vhost }) => vhost },
  { label: 'User', sort: 'user', cell: ({ user }) => user },
  { label: 'State', sort: 'state', width: '8rem', cell: ({ state }) => <StateBadge state={state} /> },
  {
    label: 'TLS',
    sort: 'ssl_protocol',
    isExtra: true,
    cell: ({ ssl, ssl_protocol: protocol }) => (ssl ? (protocol ?? 'yes') : 'no'),
  },
  { label: 'Channels', sort: 'channels', isNumber: true, isExtra: true, cell: ({ channels }) => count(channels) },
  {
    label: 'Published',
    sort: 'message_stats.publish_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'publish')),
  },
  {
    label: 'Delivered',
    sort: 'message_stats.deliver_get_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'deliver_get')),
  },
  {
    label: 'From client',
    sort: 'recv_oct_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ recv_oct_details: details }) => octetRate(details.rate),
  },
  {
    label: 'To client',
    sort: 'send_oct_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ send_oct_details: details }) => octetRate(details.rate),
  },
  {
    label: 'Unread by client',
    sort: 'send_pend',
    isNumber: true,
    isOff: true,
    cell: ({ send_pend: unread }) => octets(unread),
  },
  { label: 'Client', isOff: true, cell: ({ client_properties: properties }) => productOf(properties) },
  { label: 'Address', sort: 'peer_host', isOff: true, cell: (row) => `${row.peer_host}:${row.peer_port}` },
  { label: 'Log-in by', sort: 'auth_mechanism', isOff: true, cell: ({ auth_mechanism: mechanism }) => mechanism },
  { label: 'Certificate', sort: 'peer_cert_subject', isOff: true, cell: (row) => row.peer_cert_subject ?? '–' },
  { label: 'Heartbeat', sort: 'timeout', isNumber: true, isOff: true, cell: ({ timeout }) => `${timeout} s` },
  { label: 'Since', sort: 'connected_at', isOff: true, width: '11rem', cell: (row) => moment(row.connected_at) },
];

export default function ConnectionsPage({ account }: PageProps): JSX.Element {
  const vhost = useVhost();
  const { columns, choice } = useColumns('connections', COLUMNS);
  const seesAll = hasTag(account, 'monitoring');
  return (
    <Page title="Connections">
      <p class="soft">
        {seesAll ? 'The programs that are connected.' : 'Your own connections: monitors see those of others.'}{' '}
        <Term name="connection">What a connection is</Term>
      </p>
      <Table<Connection>
        label="connections"
        path={vhost === '' ? '/api/connections' : pathOf('/api/vhosts', vhost, 'connections')}
        columns={columns}
        keyOf={({ name }) => name}
        keyColumns="name,user"
        open={({ name }) => href('connections', name)}
        bulk={[
          {
            verb: 'Close',
            done: 'closed',
            warning: () => <Closing several />,
            mayRun: ({ user }) => mayClose(account, user),
            run: close,
          },
        ]}
        tools={
          <>
            <VhostChoice />
            {choice}
          </>
        }
        empty={
          <Empty title="No program is connected.">
            <p>
              Have one connect to <code>amqp://{location.hostname}:5672</code>: any client for AMQP 0-9-1 (RabbitMQ's)
              does. The overview lists all addresses at which the broker listens.
            </p>
          </Empty>
        }
      />
    </Page>
  );
}

/** By the name that its program gave it, where it gave one. */
function ConnectionName({ connection: { name, user_provided_name: provided } }: { connection: Connection }) {
  if (provided === undefined) return <span title={name}>{name}</span>;
  return (
    <span title={name}>
      {provided} <span class="soft">{name}</span>
    </span>
  );
}

function productOf({ product, version }: Readonly<Record<string, unknown>>): string {
  return [product, version].filter((part) => typeof part === 'string').join(' ') || '–';
}
