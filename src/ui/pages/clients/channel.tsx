/** One channel, with its consumers. */
import type { JSX } from 'preact';
import { pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { href } from '../../api/route.js';
import { Chart } from '../../components/charts/chart.js';
import { useRecent } from '../../components/charts/recent.js';
import { OnePage } from '../../components/page/one-page.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Fact, Facts, Notice, Section } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { valueText } from '../../components/tables/named-values.js';
import { count, counted, duration, rate } from '../../text/format.js';
import { type Channel, type Consumer, rateOf } from './rows.js';
import { StateBadge } from './states.js';

const SPAN = 'since this page was opened';

export default function ChannelPage({ params: { name = '' } }: PageProps): JSX.Element {
  const polled = usePolled<Channel>(pathOf('/api/channels', name));
  const connection = connectionIn(name);
  return (
    <OnePage<Channel>
      title={`Channel ${polled.data?.number ?? name}`}
      above={
        <>
          <a href={href('connections')}>Connections</a>
          {connection !== null && (
            <>
              {' › '}
              <a href={href('connections', connection)}>{connection}</a>
            </>
          )}
        </>
      }
      polled={polled}
      missing={<Missing />}
      gone={
        <Notice tone="warn" title="This channel has ended.">
          It is shown as it was last. What it had not acknowledged is back in its queues.
        </Notice>
      }
      draw={(channel, isGone) => (
        <>
          {!isGone && <Remarks channel={channel} />}
          <Standing channel={channel} />
          <Rates channel={channel} />
          <Section title={<Term name="consumer">Consumers</Term>}>
            <Consumers consumers={channel.consumer_details ?? []} />
          </Section>
        </>
      )}
    />
  );
}

/** The name of a channel is that of its connection with its number behind. */
function connectionIn(name: string): string | null {
  return /^(.*) \(\d+\)$/.exec(name)?.[1] ?? null;
}

function Missing(): JSX.Element {
  return (
    <Empty title="There is no such channel.">
      <p>
        It has ended, or it is another user's. See <a href={href('channels')}>those that are open</a>.
      </p>
    </Empty>
  );
}

/** What is out of the ordinary. */
function Remarks({ channel }: { channel: Channel }): JSX.Element {
  const { messages_unacknowledged: unacknowledged, consumer_details: consumers = [], message_stats: stats } = channel;
  const room = roomOf(channel);
  const isUnbounded = consumers.some(({ ack_required: acks, prefetch_count: each }) => acks && each === 0);
  return (
    <div>
      {room !== null && unacknowledged >= room && (
        <Notice
          tone="warn"
          title={`It gets no more messages before it acknowledges: it holds ${count(unacknowledged)}, as many as it may.`}
        >
          That is how prefetch is meant to work while its program is busy. If it stays so, the program is too slow, or
          forgets to acknowledge.
        </Notice>
      )}
      {isUnbounded && channel.global_prefetch_count === 0 && (
        <Notice tone="plain" title="A consumer of it has no prefetch limit.">
          It is sent all that its queue has, and others get nothing of that. Have the program set a prefetch (10 to 300
          are usual) before it consumes.
        </Notice>
      )}
      {(stats?.publish ?? 0) > 0 && !channel.confirm && !channel.transactional && (
        <Notice tone="plain" title="It publishes without confirms.">
          What is lost on the way, or has no queue to go to, its program does not learn. Publisher confirms tell it.
        </Notice>
      )}
    </div>
  );
}

/** How much it may have unacknowledged; null: there is no limit. */
function roomOf({ global_prefetch_count: together, consumer_details: consumers = [] }: Channel): number | null {
  const limits = consumers
    .filter(({ ack_required: acks }) => acks)
    .map(({ prefetch_count: each }) => (each === 0 ? Number.POSITIVE_INFINITY : each));
  const room = Math.min(together === 0 ? Number.POSITIVE_INFINITY : together, sum(limits));
  return limits.length === 0 || room === Number.POSITIVE_INFINITY ? null : room;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function Standing({ channel }: { channel: Channel }): JSX.Element {
  const { connection_details: connection, prefetch_count: each, global_prefetch_count: together } = channel;
  return (
    <Section title="As it stands">
      <Facts>
        <Fact name="State">
          {channel.idle_since === undefined ? (
            <StateBadge state={channel.state} />
          ) : (
            <>
              <Badge>idle</Badge> since {new Date(channel.idle_since).toLocaleTimeString('en-GB')}
            </>
          )}
        </Fact>
        <Fact name={<Term name="connection">Connection</Term>}>
          <a href={href('connections', connection.name)}>{connection.name}</a>
        </Fact>
        <Fact name={<Term name="user">User</Term>}>{channel.user}</Fact>
        <Fact name={<Term name="vhost">Vhost</Term>}>{channel.vhost}</Fact>
        <Fact name={<Term name="publisher confirm">Publishers get</Term>}>
          {channel.confirm ? 'confirms' : channel.transactional ? 'transactions' : 'no word whether it was taken'}
        </Fact>
        <Fact name={<Term name="prefetch">Prefetch</Term>}>
          {each === 0 ? 'no limit' : `${count(each)} for each new consumer`}
          {together > 0 && `, ${count(together)} for all together`}
        </Fact>
        <Fact name={<Term name="unacknowledged">Unacknowledged</Term>}>{count(channel.messages_unacknowledged)}</Fact>
        {channel.confirm && <Fact name="Unconfirmed">{count(channel.messages_unconfirmed)}</Fact>}
        {channel.transactional && (
          <Fact name="In its transaction">
            {counted(channel.messages_uncommitted, 'message')}, {counted(channel.acks_uncommitted, 'acknowledgement')}
          </Fact>
        )}
      </Facts>
    </Section>
  );
}

function Rates({ channel }: { channel: Channel }): JSX.Element {
  const stats = channel.message_stats;
  const published = useRecent(channel, ({ message_stats: now }) => ({
    published: rateOf(now, 'publish') ?? 0,
    confirmed: rateOf(now, 'confirm') ?? 0,
    unroutable: (rateOf(now, 'return_unroutable') ?? 0) + (rateOf(now, 'drop_unroutable') ?? 0),
  }));
  const taken = useRecent(channel, ({ message_stats: now }) => ({
    delivered: rateOf(now, 'deliver_get') ?? 0,
    acknowledged: rateOf(now, 'ack') ?? 0,
    redelivered: rateOf(now, 'redeliver') ?? 0,
  }));
  return (
    <div class="grid">
      <Section title="Published">
        <Chart title="Each second" span={SPAN} format={rate} {...published} />
        <Facts>
          <Fact name="In all">{count(stats?.publish ?? 0)}</Fact>
          <Fact name="Confirmed">{count(stats?.confirm ?? 0)}</Fact>
          <Fact name={<Term name="unroutable">Unroutable, returned</Term>}>{count(stats?.return_unroutable ?? 0)}</Fact>
          <Fact name="Unroutable, dropped">{count(stats?.drop_unroutable ?? 0)}</Fact>
        </Facts>
      </Section>
      <Section title="Taken">
        <Chart title="Each second" span={SPAN} format={rate} {...taken} />
        <Facts>
          <Fact name="Delivered in all">{count(stats?.deliver_get ?? 0)}</Fact>
          <Fact name={<Term name="acknowledgement">Acknowledged</Term>}>{count(stats?.ack ?? 0)}</Fact>
          <Fact name="Redelivered">{count(stats?.redeliver ?? 0)}</Fact>
        </Facts>
      </Section>
    </div>
  );
}

const ACTIVITY: Readonly<Record<string, string>> = {
  up: 'gets messages',
  single_active: 'the active one',
  waiting: 'stands by',
};

function Consumers({ consumers }: { consumers: readonly Consumer[] }): JSX.Element {
  if (consumers.length === 0)
    return <Empty title="It consumes from no queue.">It may publish, or take messages one by one.</Empty>;
  return (
    <div class="scroll">
      <table aria-label="Consumers">
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col">Queue</th>
            <th scope="col">Acknowledges</th>
            <th scope="col" class="number">
              Prefetch
            </th>
            <th scope="col">Activity</th>
            <th scope="col">Exclusive</th>
            <th scope="col">Has to acknowledge within</th>
            <th scope="col">Arguments</th>
          </tr>
        </thead>
        <tbody>
          {consumers.map((consumer) => (
            <tr key={consumer.consumer_tag}>
              <td>{consumer.consumer_tag}</td>
              <td>
                <a href={href('queues', consumer.queue.vhost, consumer.queue.name)}>{consumer.queue.name}</a>
              </td>
              <td>{consumer.ack_required ? 'yes' : 'no: sent is done'}</td>
              <td class="number">{consumer.prefetch_count === 0 ? 'no limit' : count(consumer.prefetch_count)}</td>
              <td>{ACTIVITY[consumer.activity_status] ?? consumer.activity_status}</td>
              <td>{consumer.exclusive ? 'yes' : 'no'}</td>
              <td>{consumer.consumer_timeout === null ? 'no limit' : duration(consumer.consumer_timeout)}</td>
              <td>{Object.keys(consumer.arguments).length === 0 ? '–' : valueText(consumer.arguments)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
