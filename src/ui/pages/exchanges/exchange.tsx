/** One exchange. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { go, href } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import { Chart } from '../../components/charts/chart.js';
import { FIRST_SPAN, rates, spanQuery } from '../../components/charts/history.js';
import { confirmed } from '../../components/forms/dialog.js';
import { CheckField } from '../../components/forms/fields.js';
import { OnePage } from '../../components/page/one-page.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Empty, Fact, Facts, Notice, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { NamedValues } from '../../components/tables/named-values.js';
import { count, rate } from '../../text/format.js';
import { Bindings } from './bindings.js';
import { typeText } from './exchange-types.js';
import { Publish } from './publish.js';
import { type Exchange, exchangeHref, exchangePath, isBuiltIn, isDefault, shownName } from './rows.js';

export default function ExchangePage({ params, account }: PageProps): JSX.Element {
  const { vhost = '', name: inPath = '' } = params;
  const polled = usePolled<Exchange>(withQuery(exchangePath(vhost, inPath), spanQuery(FIRST_SPAN)));
  return (
    <OnePage<Exchange>
      title={polled.data === undefined ? inPath : shownName(polled.data.name)}
      above={
        <>
          <a href={href('exchanges')}>Exchanges</a> of the vhost {vhost}
        </>
      }
      polled={polled}
      actions={(exchange) =>
        !isBuiltIn(exchange) && (
          <Action tone="danger" run={() => remove(exchange)}>
            Delete
          </Action>
        )
      }
      missing={<Missing />}
      gone={
        <Notice tone="warn" title="This exchange has been deleted.">
          It is shown as it was last.
        </Notice>
      }
      draw={(exchange, isGone) => (
        <>
          <Identity exchange={exchange} />
          {hasTag(account, 'monitoring') && <Rates exchange={exchange} />}
          <Bindings exchange={exchange} isGone={isGone} />
          {!isGone && (
            <Section title="Publish a message">
              {exchange.internal ? (
                <p class="soft">It is internal: only other exchanges, by their bindings, hand messages to it.</p>
              ) : (
                <Publish vhost={vhost} exchange={exchange.name} isHeaders={exchange.type === 'headers'} />
              )}
            </Section>
          )}
        </>
      )}
    />
  );
}

function Missing(): JSX.Element {
  return (
    <Empty title="There is no such exchange.">
      <p>
        See <a href={href('exchanges')}>those that there are</a>.
      </p>
    </Empty>
  );
}

let isOnlyUnused = false;

async function remove({ vhost, name }: Exchange): Promise<void> {
  const text = <Removal />;
  if (!(await confirmed({ title: `Delete ${name}?`, text, verb: 'Delete it', isDestructive: true }))) return;
  const path = exchangePath(vhost, name);
  await call('DELETE', withQuery(path, isOnlyUnused ? { 'if-unused': true } : {}));
  tell(`The exchange ${name} is deleted`);
  go(href('exchanges').slice(1));
}

function Removal(): JSX.Element {
  const [isOnly, setOnly] = useState(false);
  isOnlyUnused = isOnly;
  return (
    <>
      <p>It goes with all its bindings, and what is published there is refused from then on. Queues stay.</p>
      <br />
      <CheckField label="Only if nothing is bound to it" value={isOnly} onChange={setOnly} />
    </>
  );
}

function Identity({ exchange }: { exchange: Exchange }): JSX.Element {
  const { type, durable, auto_delete: isAutoDelete, internal, vhost, arguments: args } = exchange;
  const alternate = args['alternate-exchange'];
  return (
    <Section title="What it is">
      <p class="told">
        {isDefault(exchange)
          ? 'To the queue that has the routing key as its name. It cannot be bound to, or deleted.'
          : typeText(type)?.routing}
      </p>
      <Facts>
        <Fact name="Type">{type}</Fact>
        <Fact name={<Term name="durable">Durable</Term>}>{durable ? 'yes' : 'no: it goes with a restart'}</Fact>
        <Fact name={<Term name="auto-delete">Auto-delete</Term>}>{isAutoDelete ? 'yes' : 'no'}</Fact>
        <Fact name="Internal">{internal ? 'yes: only exchanges publish to it' : 'no'}</Fact>
        <Fact name={<Term name="alternate exchange">Alternate exchange</Term>}>
          {typeof alternate === 'string' ? <a href={exchangeHref(vhost, alternate)}>{alternate}</a> : 'none'}
        </Fact>
        <Fact name={<Term name="policy">Policy</Term>}>{exchange.policy ?? 'none'}</Fact>
        <Fact name="Arguments">
          <NamedValues label="Arguments" values={args} />
        </Fact>
      </Facts>
    </Section>
  );
}

function Rates({ exchange: { message_stats: stats } }: { exchange: Exchange }): JSX.Element {
  const history = rates({ in: stats?.publish_in_details, out: stats?.publish_out_details });
  return (
    <Section title={<Term name="message">Messages</Term>}>
      {stats === undefined ? (
        <p class="soft">Nothing has been published to it since the broker started.</p>
      ) : (
        <>
          <Chart title="Each second" span={`last ${FIRST_SPAN.name}`} format={rate} {...history} />
          <Facts>
            <Fact name="Published to it, in all">{count(stats.publish_in)}</Fact>
            <Fact name="Gone to queues, in all">{count(stats.publish_out ?? 0)}</Fact>
          </Facts>
        </>
      )}
    </Section>
  );
}
