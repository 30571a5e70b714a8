/** The broker at a glance: whether all is well, what passes it, what waits, what it takes, where it is to be found. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { withQuery } from '../../api/client.js';
import { useLive } from '../../api/live.js';
import { usePolled } from '../../api/polling.js';
import { hasTag } from '../../api/session.js';
import { Chart } from '../../components/charts/chart.js';
import { type Details, FIRST_SPAN, levels, rates, type Span, spanQuery } from '../../components/charts/history.js';
import { SpanChoice } from '../../components/charts/span-choice.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Fact, Facts, Loading, Page, Section, Trouble, Wide } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { count, duration, octets, rate, short } from '../../text/format.js';
import { Alarms, type NodeRow } from './alarms.js';
import { NodeCharts } from './node-charts.js';

interface Listener {
  readonly protocol: string;
  readonly ip_address: string;
  readonly port: number;
}

interface Overview {
  readonly cluster_name: string;
  readonly product_name: string;
  readonly product_version: string;
  readonly object_totals: Readonly<Record<string, number>>;
  readonly message_stats?: Readonly<Record<string, Details>>;
  readonly churn_rates?: Readonly<Record<string, Details>>;
  readonly queue_totals?: Readonly<Record<string, Details>> & { readonly messages?: number };
  readonly listeners?: readonly Listener[];
}

export default function OverviewPage({ account }: PageProps): JSX.Element {
  const [span, setSpan] = useState<Span>(FIRST_SPAN);
  const sees = hasTag(account, 'monitoring');
  const events = withQuery('/api/leveret/events/overview', { ...spanQuery(span), whole: true });
  const { data, error } = useLive<Overview>(withQuery('/api/overview', spanQuery(span)), sees ? events : null);
  const { data: nodes } = usePolled<readonly NodeRow[]>(sees ? '/api/nodes' : null);
  const [node] = nodes ?? [];
  return (
    <Page title="Overview" actions={sees && <SpanChoice span={span} choose={setSpan} />}>
      {error !== null && <Trouble error={error} />}
      {node !== undefined && <Alarms node={node} />}
      {data === undefined ? <Loading /> : <Totals overview={data} />}
      {data !== undefined && sees && (
        <>
          <div class="grid">
            <MessageCharts overview={data} span={span} />
            <NodeCharts span={span} />
            <Churn overview={data} span={span} />
          </div>
          {node !== undefined && <Node node={node} />}
          <Listeners listeners={data.listeners ?? []} />
        </>
      )}
      {!sees && (
        <p class="soft">
          Charts and the state of the node are for users with the tag monitoring. Whether all is well says{' '}
          <a href="#/health">Health</a>.
        </p>
      )}
    </Page>
  );
}

function Totals({ overview: { object_totals: totals, queue_totals: lengths } }: { overview: Overview }): JSX.Element {
  return (
    <Section title="What there is">
      <div class="figures">
        <Facts>
          {lengths !== undefined && <Fact name={<Term name="message">Messages</Term>}>{count(lengths.messages)}</Fact>}
          <Fact name={<Term name="queue">Queues</Term>}>{count(totals.queues)}</Fact>
          <Fact name={<Term name="exchange">Exchanges</Term>}>{count(totals.exchanges)}</Fact>
          <Fact name={<Term name="connection">Connections</Term>}>{count(totals.connections)}</Fact>
        </Facts>
      </div>
    </Section>
  );
}

interface ChartsProps {
  readonly overview: Overview;
  readonly span: Span;
}

function MessageCharts({ overview, span }: ChartsProps): JSX.Element {
  const { message_stats: stats = {}, queue_totals: lengths = {} } = overview;
  const passing = rates({
    published: stats.publish_details,
    confirmed: stats.confirm_details,
    delivered: stats.deliver_get_details,
    acknowledged: stats.ack_details,
    redelivered: stats.redeliver_details,
    unroutable: stats.return_unroutable_details,
  });
  const waiting = levels({
    ready: lengths.messages_ready_details,
    unacknowledged: lengths.messages_unacknowledged_details,
  });
  return (
    <>
      <Section title={<Term name="message">Messages that pass</Term>}>
        <Chart title="Each second" span={`last ${span.name}`} format={rate} {...passing} />
      </Section>
      <Section title={<Term name="ready">Messages that wait</Term>}>
        <Chart title="In all queues" span={`last ${span.name}`} format={short} {...waiting} />
      </Section>
    </>
  );
}

function Churn({ overview: { churn_rates: churn = {} } }: ChartsProps): JSX.Element {
  const row = (name: string, come: string, go: string): JSX.Element => (
    <tr>
      <th scope="row">{name}</th>
      <td class="number">{rate(churn[`${come}_details`]?.rate)}</td>
      <td class="number">{rate(churn[`${go}_details`]?.rate)}</td>
    </tr>
  );
  return (
    <Section title={<Term name="churn">Come and go</Term>}>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Come
            </th>
            <th scope="col" class="number">
              Go
            </th>
          </tr>
        </thead>
        <tbody>
          {row('Connections', 'connection_created', 'connection_closed')}
          {row('Channels', 'channel_created', 'channel_closed')}
          {row('Queues', 'queue_created', 'queue_deleted')}
        </tbody>
      </table>
    </Section>
  );
}

function Node({ node }: { node: NodeRow }): JSX.Element {
  const { name, uptime, mem_used: memory, core_memory_used: core, core_memory_free: free } = node;
  return (
    <Section title={<Term name="node">Node</Term>}>
      <Facts>
        <Fact name="Name">{name}</Fact>
        <Fact name="Up for">{duration(uptime)}</Fact>
        <Fact name="Memory of the process">{octets(memory)}</Fact>
        <Fact name="For messages and queues">
          {octets(core)} of {octets(core + free)}
        </Fact>
        <Fact name="Disk left">{node.disk_free === 0 ? 'not watched' : octets(node.disk_free)}</Fact>
        <Fact name="File descriptors">
          {count(node.fd_used)} of {count(node.fd_total)}
        </Fact>
        <Fact name="CPUs">{count(node.processors)}</Fact>
        <Fact name="Data">{node.db_dir === '' ? 'in memory alone' : node.db_dir}</Fact>
      </Facts>
    </Section>
  );
}

function Listeners({ listeners }: { listeners: readonly Listener[] }): JSX.Element {
  return (
    <Section title={<Term name="listener">Listeners</Term>}>
      <Wide label="Listeners">
        <table>
          <thead>
            <tr>
              <th scope="col">Protocol</th>
              <th scope="col">Address</th>
              <th scope="col" class="number">
                Port
              </th>
            </tr>
          </thead>
          <tbody>
            {listeners.map(({ protocol, ip_address: address, port }) => (
              <tr key={`${protocol} ${address} ${port}`}>
                <td>{protocol}</td>
                <td>{address}</td>
                <td class="number">{port}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Section>
  );
}
