/** The broker at a glance. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { hasTag } from '../../api/session.js';
import { Chart } from '../../components/chart.js';
import { type Details, levels, rates, SPANS, type Span, spanQuery } from '../../components/history.js';
import type { PageProps } from '../../components/page-props.js';
import { Fact, Facts, Loading, Page, Section, Trouble } from '../../components/parts.js';
import { Term } from '../../components/term.js';
import { count, rate, short } from '../../text/format.js';

interface Overview {
  readonly cluster_name: string;
  readonly object_totals: Readonly<Record<string, number>>;
  readonly message_stats?: Readonly<Record<string, Details>>;
  readonly queue_totals?: Readonly<Record<string, Details>>;
}

export default function OverviewPage({ account }: PageProps): JSX.Element {
  const [span, setSpan] = useState<Span>(SPANS[0]);
  const { data, error } = usePolled<Overview>(withQuery('/api/overview', spanQuery(span)));
  const sees = hasTag(account, 'monitoring');
  return (
    <Page title="Overview" actions={sees && <SpanChoice span={span} choose={setSpan} />}>
      {error !== null && <Trouble error={error} />}
      {data === undefined ? <Loading /> : <Totals overview={data} />}
      {data !== undefined && sees && <Charts overview={data} span={span} />}
    </Page>
  );
}

function SpanChoice({ span, choose }: { span: Span; choose(span: Span): void }): JSX.Element {
  return (
    <select
      aria-label="How far back charts look"
      value={span.name}
      onChange={({ currentTarget }) => choose(SPANS.find(({ name }) => name === currentTarget.value) ?? SPANS[0])}
    >
      {SPANS.map(({ name }) => (
        <option key={name} value={name}>
          Last {name}
        </option>
      ))}
    </select>
  );
}

function Totals({ overview: { object_totals: totals } }: { overview: Overview }): JSX.Element {
  return (
    <Section title="What there is">
      <div class="figures">
        <Facts>
          <Fact name={<Term name="connection">Connections</Term>}>{count(totals.connections)}</Fact>
          <Fact name={<Term name="exchange">Exchanges</Term>}>{count(totals.exchanges)}</Fact>
          <Fact name={<Term name="queue">Queues</Term>}>{count(totals.queues)}</Fact>
        </Facts>
      </div>
    </Section>
  );
}

function Charts({ overview, span }: { overview: Overview; span: Span }): JSX.Element {
  const { message_stats: stats = {}, queue_totals: lengths = {} } = overview;
  const published = rates({
    published: stats.publish_details,
    delivered: stats.deliver_get_details,
    acknowledged: stats.ack_details,
    redelivered: stats.redeliver_details,
  });
  const waiting = levels({
    ready: lengths.messages_ready_details,
    unacknowledged: lengths.messages_unacknowledged_details,
  });
  return (
    <div class="grid">
      <Section title={<Term name="message">Messages</Term>}>
        <Chart title="Each second" span={`last ${span.name}`} format={rate} {...published} />
      </Section>
      <Section title={<Term name="ready">Waiting</Term>}>
        <Chart title="In all queues" span={`last ${span.name}`} format={short} {...waiting} />
      </Section>
    </div>
  );
}
