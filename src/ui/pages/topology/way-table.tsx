/** The map as a table: for who cannot see it, and for who looks for a number. */
import type { JSX } from 'preact';
import { counted, rate } from '../../text/format.js';
import { type MapEdge, type MapNode, pageOf, rateText, shownName, type TopologyMap } from './map-graph.js';

export function WayTable({ map }: { map: TopologyMap }): JSX.Element {
  const { vhost, nodes, edges } = map;
  const withWay = new Set(
    edges.flatMap((edge) => [`${edge.source_kind} ${edge.source}`, `${edge.destination_kind} ${edge.destination}`]),
  );
  const lone = nodes.filter(({ kind, name }) => !withWay.has(`${kind} ${name}`));
  return (
    <>
      <div class="scroll">
        <table aria-label="Ways">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">By</th>
              <th scope="col" class="number">
                Messages
              </th>
            </tr>
          </thead>
          <tbody>
            {edges.map((edge) => (
              <tr key={`${edge.kind} ${edge.source_kind} ${edge.source}\n${edge.destination_kind} ${edge.destination}`}>
                <td>
                  <a href={pageOf(vhost, edge.source_kind, edge.source)}>{shownName(edge.source)}</a>
                </td>
                <td>
                  <a href={pageOf(vhost, edge.destination_kind, edge.destination)}>{edge.destination}</a>{' '}
                  <span class="soft">{edge.destination_kind}</span>
                </td>
                <td>{meansOf(edge)}</td>
                <td class="number">{rateText(edge) || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {lone.length > 0 && (
        <>
          <h3 class="table-title">Bound to nothing</h3>
          <ul>
            {lone.map((node) => (
              <li key={`${node.kind} ${node.name}`}>
                <a href={pageOf(vhost, node.kind, node.name)}>{shownName(node.name)}</a>{' '}
                <span class="soft">{describe(node)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function meansOf({ kind, bindings, routing_keys: keys }: MapEdge): string {
  if (kind !== 'binding') return kind;
  const named = keys.filter((key) => key !== '');
  const more = bindings - keys.length;
  if (named.length === 0) return bindings === 1 ? 'a binding' : counted(bindings, 'binding');
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function describe({ kind, type = '', messages = 0, rate_in: coming }: MapNode): string {
  return kind === 'exchange' ? `exchange, ${type}` : `queue, ${counted(messages, 'message')}, ${rate(coming)} in`;
}
