/**
 * A graph of exchanges and queues: what a page of one of them, or the map of a vhost, shows. Whoever uses it shows the
 * same as a table, for who cannot see it.
 */
import type { JSX } from 'preact';
import { grouped } from './grouped.js';
import { type GraphEdge, type GraphNode, type Layout, NODE_HEIGHT, NODE_WIDTH, type Place } from './layout.js';
import { useLayout } from './use-layout.js';
import { useView } from './view.js';

interface GraphProps {
  /** What it shows: `Bindings of orders`. */
  readonly label: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** As high as the window allows. */
  readonly isLarge?: boolean;
}

export function Graph(props: GraphProps): JSX.Element {
  const drawn = grouped(props);
  const laidOut = useLayout(drawn.nodes, drawn.edges);
  if (laidOut === null) return <p class="loading">Drawing…</p>;
  return <Drawing {...props} {...drawn} layout={laidOut} />;
}

function Drawing({ label, nodes, edges, isLarge = false, layout }: GraphProps & { layout: Layout }): JSX.Element {
  const view = useView(layout);
  const onFocus = ({ target }: FocusEvent): void => {
    const id = (target as Element).closest('[data-node]')?.getAttribute('data-node');
    const place = id === null || id === undefined ? undefined : layout.places.get(id);
    if (place !== undefined) view.show({ ...place, width: NODE_WIDTH, height: NODE_HEIGHT });
  };
  return (
    <div class={isLarge ? 'graph graph-large' : 'graph'}>
      <div
        ref={view.frame}
        class={view.isDragged ? 'graph-frame dragged' : 'graph-frame'}
        role="application"
        aria-roledescription="graph"
        aria-label={`${label}. Arrows move it, plus and minus change its size, 0 shows all. The same stands in a table.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        onKeyDown={view.onKeyDown}
        onPointerDown={view.onPointerDown}
        onPointerMove={view.onPointerMove}
        onPointerUp={view.onPointerUp}
        onPointerCancel={view.onPointerUp}
        onClickCapture={view.onClickCapture}
        onFocusIn={onFocus}
      >
        <svg viewBox={view.viewBox} aria-hidden={nodes.length === 0}>
          <title>{label}</title>
          <defs>
            <marker
              id="arrow"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              orient="auto"
              markerUnits="userSpaceOnUse"
            >
              <path d="M0 0 8 4 0 8z" class="arrow" />
            </marker>
          </defs>
          {edges.map((edge) => (
            <Edge key={`${edge.from}\n${edge.to}`} edge={edge} places={layout.places} />
          ))}
          {nodes.map((node) => (
            <Node key={node.id} node={node} place={layout.places.get(node.id)} />
          ))}
        </svg>
      </div>
      <div class="graph-tools">
        <button type="button" aria-label="Larger" onClick={() => view.zoom(1.4)}>
          +
        </button>
        <button type="button" aria-label="Smaller" onClick={() => view.zoom(1 / 1.4)}>
          −
        </button>
        <button type="button" onClick={view.fit}>
          Show all
        </button>
      </div>
    </div>
  );
}

/** Letters of a label that there is room for. */
const LABEL_MAX = 24;

function Node({ node, place }: { node: GraphNode; place: Place | undefined }): JSX.Element | null {
  if (place === undefined) return null;
  const { id, label, kind, note, href, isMain = false } = node;
  const isShort = label.length > LABEL_MAX;
  const drawn = (
    <g transform={`translate(${place.x} ${place.y})`} class={`node node-${kind} ${isMain ? 'node-main' : ''}`}>
      {isShort && <title>{label}</title>}
      <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx={kind === 'exchange' ? NODE_HEIGHT / 2 : 5} />
      <text x={NODE_WIDTH / 2} y={note === undefined ? 25 : 18}>
        {shortened(label)}
      </text>
      {note !== undefined && (
        <text x={NODE_WIDTH / 2} y={32} class="node-note">
          {note}
        </text>
      )}
    </g>
  );
  if (href === undefined) return <g data-node={id}>{drawn}</g>;
  return (
    <a href={href} data-node={id} draggable={false}>
      {drawn}
    </a>
  );
}

function shortened(text: string): string {
  return text.length > LABEL_MAX ? `${text.slice(0, LABEL_MAX - 1)}…` : text;
}

function Edge({ edge, places }: { edge: GraphEdge; places: ReadonlyMap<string, Place> }): JSX.Element | null {
  const [from, to] = [places.get(edge.from), places.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const share = edge.share ?? 0;
  const { path, x, y } = curve(from, to);
  return (
    <g class={share > 0 ? 'edge edge-used' : 'edge'}>
      {edge.title !== undefined && <title>{edge.title}</title>}
      <path d={path} stroke-width={1.2 + 3.8 * share} marker-end="url(#arrow)" />
      {edge.label !== undefined && (
        <text x={x} y={y - 4}>
          {shortened(edge.label)}
        </text>
      )}
    </g>
  );
}

const LIFT = 1.8 * NODE_HEIGHT;

/** From the right of one to the left of the other; what leads back goes round below. */
function curve(from: Place, to: Place): { readonly path: string; readonly x: number; readonly y: number } {
  const start = { x: from.x + NODE_WIDTH, y: from.y + NODE_HEIGHT / 2 };
  const end = { x: to.x, y: to.y + NODE_HEIGHT / 2 };
  if (end.x > start.x) {
    const bend = (end.x - start.x) / 2;
    // One that passes a layer at the same height would be hidden by what stands there.
    const isHidden = end.x - start.x > NODE_WIDTH && Math.abs(end.y - start.y) < NODE_HEIGHT;
    const lift = isHidden ? LIFT : 0;
    return {
      path: `M${start.x} ${start.y}C${start.x + bend} ${start.y - lift} ${end.x - bend} ${end.y - lift} ${end.x} ${end.y}`,
      x: (start.x + end.x) / 2,
      // The middle of the curve is at three quarters of its lift.
      y: (start.y + end.y) / 2 - lift * 0.75,
    };
  }
  const below = Math.max(start.y, end.y) + NODE_HEIGHT;
  return {
    path: `M${start.x} ${start.y}C${start.x + 60} ${below} ${end.x - 60} ${below} ${end.x} ${end.y}`,
    x: (start.x + end.x) / 2,
    y: below - NODE_HEIGHT / 4,
  };
}
