/** The bindings from or to an exchange: drawn, listed, made and taken away. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf, withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { href } from '../../api/route.js';
import { confirmed } from '../../components/forms/dialog.js';
import { Action, Empty, Loading, Section, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { valueText } from '../../components/tables/named-values.js';
import { Graph } from '../../graph/graph.js';
import type { GraphEdge, GraphNode } from '../../graph/layout.js';
import { count } from '../../text/format.js';
import { AddBinding } from './add-binding.js';
import { type Binding, bindingsPath, type Exchange, exchangeHref, exchangePath, isDefault, shownName } from './rows.js';

type Way = 'source' | 'destination';

interface PageOfBindings {
  readonly items: readonly Binding[];
  readonly page_count: number;
  readonly total_count: number;
}

const PAGE_SIZE = 50;

export function Bindings({ exchange, isGone }: { exchange: Exchange; isGone: boolean }): JSX.Element {
  const outgoing = useBindings(exchange, 'source', isGone);
  const incoming = useBindings(exchange, 'destination', isGone);
  const reload = (): void => {
    outgoing.reload();
    incoming.reload();
  };
  const mayChange = !isDefault(exchange) && !isGone;
  const drawn = [...(incoming.data?.items ?? []), ...(outgoing.data?.items ?? [])];
  const total = (incoming.data?.total_count ?? 0) + (outgoing.data?.total_count ?? 0);
  return (
    <>
      <Section title={<Term name="binding">Bindings</Term>}>
        {drawn.length === 0 ? (
          <Empty title="Nothing is bound to it.">
            <p>What is published to it goes nowhere. Bind a queue to it, below.</p>
          </Empty>
        ) : (
          <>
            <Graph label={`Bindings of ${shownName(exchange.name)}`} {...graphOf(exchange, drawn)} />
            {total > drawn.length && (
              <p class="soft">
                Of {count(total)} bindings those {drawn.length} that are listed below are drawn.
              </p>
            )}
          </>
        )}
        <BindingTable list={outgoing} way="source" mayChange={mayChange} onChange={reload} />
        <BindingTable list={incoming} way="destination" mayChange={mayChange} onChange={reload} />
      </Section>
      {mayChange && (
        <Section title="Bind something to it">
          <AddBinding exchange={exchange} onAdded={reload} />
        </Section>
      )}
    </>
  );
}

interface List {
  readonly data: PageOfBindings | undefined;
  readonly error: Error | null;
  readonly page: number;
  turn(page: number): void;
  reload(): void;
}

function useBindings({ vhost, name }: Exchange, way: Way, isGone: boolean): List {
  const [page, turn] = useState(1);
  const path = withQuery(exchangePath(vhost, name, 'bindings', way), { page, page_size: PAGE_SIZE });
  const { data, error, reload } = usePolled<PageOfBindings>(isGone ? null : path);
  return { data, error, page, turn, reload };
}

interface BindingTableProps {
  readonly list: List;
  readonly way: Way;
  readonly mayChange: boolean;
  onChange(): void;
}

function BindingTable({ list, way, mayChange, onChange }: BindingTableProps): JSX.Element | null {
  const { data, error, page, turn } = list;
  if (error !== null && data === undefined) return <Trouble error={error} />;
  if (data === undefined) return <Loading />;
  if (data.total_count === 0) return null;
  const title = way === 'source' ? 'It leads to' : 'It gets from';
  const remove = async (binding: Binding): Promise<void> => {
    const other = way === 'source' ? binding.destination : binding.source;
    const text = <p>What only this binding led to {binding.destination} goes there no more. It can be made anew.</p>;
    const title = `Remove the binding ${way === 'source' ? 'to' : 'from'} ${shownName(other)}?`;
    if (!(await confirmed({ title, text, verb: 'Remove it', isDestructive: true }))) return;
    await call('DELETE', pathOf(bindingsPath(binding), binding.properties_key));
    tell('The binding is removed');
    onChange();
  };
  return (
    <>
      <h3 class="table-title">
        {title} <span class="soft">{count(data.total_count)}</span>
      </h3>
      <div class="scroll">
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{way === 'source' ? 'To' : 'From'}</th>
              <th scope="col">Routing key</th>
              <th scope="col">Arguments</th>
              {mayChange && <th scope="col">Do</th>}
            </tr>
          </thead>
          <tbody>
            {data.items.map((binding) => (
              <tr
                key={`${binding.source}\n${binding.destination_type}\n${binding.destination}\n${binding.properties_key}`}
              >
                <td>
                  <End binding={binding} way={way} />
                </td>
                <td class="mono">{binding.routing_key === '' ? '–' : binding.routing_key}</td>
                <td class="mono">{Object.keys(binding.arguments).length === 0 ? '–' : valueText(binding.arguments)}</td>
                {mayChange && (
                  <td>
                    <Action run={() => remove(binding)}>Remove</Action>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.page_count > 1 && (
        <p class="row">
          <button type="button" disabled={page === 1} onClick={() => turn(page - 1)}>
            Before
          </button>
          page {page} of {data.page_count}
          <button type="button" disabled={page >= data.page_count} onClick={() => turn(page + 1)}>
            Next
          </button>
        </p>
      )}
    </>
  );
}

function End({ binding, way }: { binding: Binding; way: Way }): JSX.Element {
  const { vhost, source, destination, destination_type: type } = binding;
  if (way === 'destination') return <a href={exchangeHref(vhost, source)}>{shownName(source)}</a>;
  return (
    <>
      <a href={type === 'queue' ? href('queues', vhost, destination) : exchangeHref(vhost, destination)}>
        {destination}
      </a>{' '}
      <span class="soft">{type}</span>
    </>
  );
}

/** Several bindings between the same two are one line. */
function graphOf(
  exchange: Exchange,
  bindings: readonly Binding[],
): { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] } {
  const { vhost } = exchange;
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, { readonly from: string; readonly to: string; readonly keys: string[] }>();
  const add = (kind: 'exchange' | 'queue', name: string): string => {
    const id = `${kind} ${name}`;
    const isMain = kind === 'exchange' && name === exchange.name;
    const address = kind === 'queue' ? href('queues', vhost, name) : exchangeHref(vhost, name);
    const note = isMain ? exchange.type : kind;
    if (!nodes.has(id)) nodes.set(id, { id, kind, label: shownName(name), note, isMain, href: address });
    return id;
  };
  for (const binding of bindings) {
    const from = add('exchange', binding.source);
    const to = add(binding.destination_type, binding.destination);
    const key = binding.routing_key === '' ? valueText(binding.arguments) : binding.routing_key;
    const known = edges.get(`${from}\n${to}`);
    if (known === undefined) edges.set(`${from}\n${to}`, { from, to, keys: key === '{}' ? [] : [key] });
    else known.keys.push(key);
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()].map(({ from, to, keys }) => {
      if (keys.length === 0) return { from, to };
      const label = keys.length === 1 ? (keys[0] ?? '') : `${keys.length} bindings`;
      return { from, to, label, title: keys.join(', ') };
    }),
  };
}
