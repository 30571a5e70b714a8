/** The exchanges of all vhosts, or of one. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { go } from '../../api/route.js';
import { Badge, Empty, Page } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { type NamedColumn, useColumns } from '../../components/tables/columns.js';
import { Table } from '../../components/tables/table.js';
import { useVhost, VhostChoice } from '../../components/tables/vhost-choice.js';
import { count, rate } from '../../text/format.js';
import { AddExchange } from './add-exchange.js';
import { type Exchange, exchangeHref, exchangePath, shownName } from './rows.js';

const COLUMNS: readonly NamedColumn<Exchange>[] = [
  { label: 'Name', sort: 'name', width: '28%', cell: ({ name }) => <span title={name}>{shownName(name)}</span> },
  { label: 'Vhost', sort: 'vhost', isExtra: true, cell: ({ vhost }) => vhost },
  { label: 'Type', sort: 'type', cell: ({ type }) => type },
  { label: 'Features', isExtra: true, width: '20%', cell: (row) => <Features exchange={row} /> },
  { label: 'Policy', sort: 'policy', isExtra: true, cell: ({ policy = '' }) => <span title={policy}>{policy}</span> },
  {
    label: 'In',
    sort: 'message_stats.publish_in_details.rate',
    isNumber: true,
    cell: ({ message_stats: stats }) => rate(stats?.publish_in_details?.rate),
  },
  {
    label: 'Out',
    sort: 'message_stats.publish_out_details.rate',
    isNumber: true,
    cell: ({ message_stats: stats }) => rate(stats?.publish_out_details?.rate),
  },
  {
    label: 'In, in all',
    sort: 'message_stats.publish_in',
    isNumber: true,
    isOff: true,
    cell: ({ message_stats: stats }) => count(stats?.publish_in),
  },
  {
    label: 'Out, in all',
    sort: 'message_stats.publish_out',
    isNumber: true,
    isOff: true,
    cell: ({ message_stats: stats }) => count(stats?.publish_out),
  },
];

export default function ExchangesPage(): JSX.Element {
  const vhost = useVhost();
  const { columns, choice } = useColumns('exchanges', COLUMNS);
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Exchanges"
      actions={
        <button type="button" class="primary" onClick={() => setAdding(true)}>
          Add an exchange
        </button>
      }
    >
      <p class="soft">
        Where programs publish. <Term name="exchange">What an exchange is</Term>
      </p>
      <Table<Exchange>
        label="exchanges"
        path={vhost === '' ? '/api/exchanges' : pathOf('/api/exchanges', vhost)}
        columns={columns}
        keyOf={(row) => `${shownName(row.name)} in ${row.vhost}`}
        keyColumns="name,vhost"
        open={(row) => exchangeHref(row.vhost, row.name)}
        bulk={[
          {
            verb: 'Delete',
            done: 'deleted',
            warning: (rows) => (
              <p>
                {rows.length === 1 ? 'It goes' : 'They go'} with all bindings; what is published there is refused from
                then on. Queues and their messages stay.
              </p>
            ),
            run: ({ vhost: of, name }) => call('DELETE', exchangePath(of, name)),
          },
        ]}
        tools={
          <>
            <VhostChoice />
            {choice}
          </>
        }
        empty={<Empty title="You may see no vhost.">An administrator can give you rights in one.</Empty>}
      />
      {isAdding && (
        <AddExchange
          vhost={vhost}
          onClose={() => setAdding(false)}
          onAdded={(of, name) => {
            tell(`The exchange ${name} is there`);
            go(exchangeHref(of, name).slice(1));
          }}
        />
      )}
    </Page>
  );
}

export function Features({ exchange }: { exchange: Exchange }): JSX.Element {
  const names = [
    ...(exchange.durable ? [] : ['transient']),
    ...(exchange.auto_delete ? ['auto-delete'] : []),
    ...(exchange.internal ? ['internal'] : []),
    ...('alternate-exchange' in exchange.arguments ? ['alternate'] : []),
    ...(exchange.arguments['x-message-deduplication'] === true ? ['deduplicates'] : []),
  ];
  return (
    <span class="badges">
      {names.map((name) => (
        <Badge key={name}>{name}</Badge>
      ))}
    </span>
  );
}
