/** What passes a queue and what waits in it, over time. */
import type { JSX } from 'preact';
import { Chart } from '../../components/charts/chart.js';
import { levels, rates, type Span } from '../../components/charts/history.js';
import { SpanChoice } from '../../components/charts/span-choice.js';
import { Fact, Facts, Section } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { count, duration, octets, rate, short } from '../../text/format.js';
import type { WholeQueue } from './whole-queue.js';

interface ChartsProps {
  readonly queue: WholeQueue;
  readonly span: Span;
  choose(span: Span): void;
}

export function QueueCharts({ queue, span, choose }: ChartsProps): JSX.Element {
  const { message_stats: stats = {} } = queue;
  const said = `last ${span.name}`;
  const waiting = levels({
    ready: queue.messages_ready_details,
    unacknowledged: queue.messages_unacknowledged_details,
  });
  const passing = rates({
    published: stats.publish_details,
    delivered: stats.deliver_get_details,
    acknowledged: stats.ack_details,
    redelivered: stats.redeliver_details,
  });
  return (
    <>
      <Section title="Figures" actions={<SpanChoice span={span} choose={choose} />}>
        <div class="figures">
          <Facts>
            <Fact name={<Term name="ready">Ready</Term>}>{count(queue.messages_ready)}</Fact>
            <Fact name={<Term name="unacknowledged">Unacknowledged</Term>}>{count(queue.messages_unacknowledged)}</Fact>
            <Fact name="Octets of bodies">{octets(queue.message_bytes)}</Fact>
            <Fact name="The next one waits for">{duration(queue.oldest_message_age)}</Fact>
            <Fact name="Longest unacknowledged">{duration(queue.oldest_unacknowledged_age)}</Fact>
          </Facts>
        </div>
      </Section>
      <div class="grid">
        <Section title="Messages that wait">
          <Chart title="In this queue" span={said} format={short} {...waiting} />
        </Section>
        <Section title="Messages that pass">
          <Chart title="Each second" span={said} format={rate} {...passing} />
        </Section>
      </div>
    </>
  );
}
