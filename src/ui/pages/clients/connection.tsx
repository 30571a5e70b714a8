/** One connection. */
import type { JSX } from 'preact';
import { pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { go, href } from '../../api/route.js';
import { Chart } from '../../components/charts/chart.js';
import { useRecent } from '../../components/charts/recent.js';
import { OnePage } from '../../components/page/one-page.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Badge, Empty, Fact, Facts, Notice, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { NamedValues } from '../../components/tables/named-values.js';
import { Table } from '../../components/tables/table.js';
import { count, moment, octetRate, octets, rate } from '../../text/format.js';
import { channelColumns } from './channel-columns.js';
import { closeOne, mayClose } from './closing.js';
import { type Channel, type Connection, rateOf } from './rows.js';
import { StateBadge, stateOf } from './states.js';

/** Charts of these have their past from the page itself. */
const SPAN = 'since this page was opened';

/** More than so much that a client has not read is told (octets). */
const UNREAD_MUCH = 1024 * 1024;

export default function ConnectionPage({ params: { name = '' }, account }: PageProps): JSX.Element {
  const polled = usePolled<Connection>(pathOf('/api/connections', name));
  const close = async (connection: Connection): Promise<void> => {
    if (!(await closeOne(connection))) return;
    tell('The connection is closed');
    go(href('connections').slice(1));
  };
  return (
    <OnePage<Connection>
      title={polled.data?.user_provided_name ?? name}
      above={<a href={href('connections')}>Connections</a>}
      polled={polled}
      actions={(connection) =>
        mayClose(account, connection.user) && (
          <Action tone="danger" run={() => close(connection)}>
            Close
          </Action>
        )
      }
      missing={<Missing />}
      gone={
        <Notice tone="warn" title="This connection has ended.">
          It is shown as it was last. Its program may have come back as{' '}
          <a href={href('connections')}>another connection</a>.
        </Notice>
      }
      draw={(connection, isGone) => (
        <>
          {!isGone && <Remarks connection={connection} />}
          <Identity connection={connection} />
          <Traffic connection={connection} />
          <Section title={<Term name="channel">Channels</Term>}>
            {isGone ? <p class="soft">They ended with it.</p> : <Channels name={name} />}
          </Section>
          <Section title="What the client says of itself">
            <NamedValues label="Client properties" values={connection.client_properties} />
          </Section>
        </>
      )}
    />
  );
}

function Missing(): JSX.Element {
  return (
    <Empty title="There is no such connection.">
      <p>
        It has ended, or it is another user's. See <a href={href('connections')}>those that are open</a>.
      </p>
    </Empty>
  );
}

/** What is out of the ordinary. */
function Remarks({ connection }: { connection: Connection }): JSX.Element | null {
  const { state, send_pend: unread, timeout } = connection;
  const { tone, word, meaning } = stateOf(state);
  return (
    <div>
      {meaning !== null && (
        <Notice tone={tone} title={`This connection is ${word}.`}>
          {meaning}
        </Notice>
      )}
      {unread >= UNREAD_MUCH && (
        <Notice tone="warn" title={`Its program has yet to read ${octets(unread)}.`}>
          It takes what is sent to it more slowly than that comes. A lower prefetch keeps more with the queues, for
          other consumers.
        </Notice>
      )}
      {timeout === 0 && (
        <Notice tone="plain" title="It has no heartbeats.">
          If its network fails silently, the broker finds that out only when the system does, which may take hours. Have
          the program ask for heartbeats: 10 to 60 seconds are usual.
        </Notice>
      )}
    </div>
  );
}

function Identity({ connection }: { connection: Connection }): JSX.Element {
  const { state, user, vhost, protocol, auth_mechanism: mechanism, timeout } = connection;
  return (
    <Section title="Who and how">
      <Facts>
        <Fact name="State">
          <StateBadge state={state} />
        </Fact>
        <Fact name={<Term name="user">User</Term>}>
          {user === '' ? '–' : user} {mechanism !== '' && <span class="soft">by {mechanism}</span>}
        </Fact>
        <Fact name={<Term name="vhost">Vhost</Term>}>{vhost === '' ? '–' : vhost}</Fact>
        <Fact name="Connected since">{moment(connection.connected_at)}</Fact>
        <Fact name="From">{address(connection.peer_host, connection.peer_port)}</Fact>
        <Fact name="To">{address(connection.host, connection.port)}</Fact>
        <Fact name="Protocol">{protocol}</Fact>
        <Fact name={<Term name="TLS" />}>
          {connection.ssl ? <Badge tone="good">{connection.ssl_protocol || 'yes'}</Badge> : 'no: it can be overheard'}{' '}
          {connection.ssl_cipher}
        </Fact>
        {connection.peer_cert_subject && (
          <Fact name="Client's certificate">
            {connection.peer_cert_subject}, by {connection.peer_cert_issuer}, {connection.peer_cert_validity}
          </Fact>
        )}
        <Fact name={<Term name="heartbeat">Heartbeat</Term>}>{timeout === 0 ? 'none' : `every ${timeout} s`}</Fact>
        <Fact name={<Term name="frame">Largest frame</Term>}>{octets(connection.frame_max)}</Fact>
        <Fact name="Channels, at most">
          {connection.channel_max === 0 ? 'no limit' : count(connection.channel_max)}
        </Fact>
      </Facts>
    </Section>
  );
}

/** A port of 0: it came by a socket of the file system, and the host is its path. */
function address(host: string, port: number): string {
  return port === 0 ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function Traffic({ connection }: { connection: Connection }): JSX.Element {
  const stats = connection.message_stats;
  const messages = useRecent(connection, ({ message_stats: now }) => ({
    published: rateOf(now, 'publish') ?? 0,
    delivered: rateOf(now, 'deliver_get') ?? 0,
    acknowledged: rateOf(now, 'ack') ?? 0,
  }));
  const flow = useRecent(connection, ({ recv_oct_details: from, send_oct_details: to }) => ({
    'from client': from.rate,
    'to client': to.rate,
  }));
  return (
    <div class="grid">
      <Section title={<Term name="message">Messages</Term>}>
        <Chart title="Each second" span={SPAN} format={rate} {...messages} />
        <Facts>
          <Fact name="Published in all">{count(stats?.publish ?? 0)}</Fact>
          <Fact name={<Term name="publisher confirm">Confirmed</Term>}>{count(stats?.confirm ?? 0)}</Fact>
          <Fact name={<Term name="unroutable">Unroutable</Term>}>
            {count((stats?.return_unroutable ?? 0) + (stats?.drop_unroutable ?? 0))}
          </Fact>
          <Fact name="Delivered in all">{count(stats?.deliver_get ?? 0)}</Fact>
        </Facts>
      </Section>
      <Section title="Octets">
        <Chart title="Each second" span={SPAN} format={octetRate} {...flow} />
        <Facts>
          <Fact name="From client in all">{octets(connection.recv_oct)}</Fact>
          <Fact name="To client in all">{octets(connection.send_oct)}</Fact>
          <Fact name="Unread by client">{octets(connection.send_pend)}</Fact>
        </Facts>
      </Section>
    </div>
  );
}

const COLUMNS = channelColumns('of a connection');

function Channels({ name }: { name: string }): JSX.Element {
  return (
    <Table<Channel>
      label="channels"
      path={pathOf('/api/connections', name, 'channels')}
      columns={COLUMNS}
      keyOf={(channel) => channel.name}
      open={(channel) => href('channels', channel.name)}
      empty={
        <Empty title="It has no channel.">
          <p>A program opens one before it publishes or consumes. This one may be waiting for work.</p>
        </Empty>
      }
    />
  );
}
