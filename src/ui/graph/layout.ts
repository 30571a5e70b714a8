/**
 * Where the nodes of a graph stand: in layers from left to right, along its edges. What must hold: the same graph is laid
 * out the same way, whatever was shown before; it is computed in portions (each `yield` ends one), so that a large graph
 * does not hold the page up.
 *
 * This folder draws graphs of exchanges, queues and what leads from one to the other, for any page: `Graph` (graph.tsx)
 * is what pages use.
 */

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: 'exchange' | 'queue';
  /** Below the label: a type, how many messages there are. */
  readonly note?: string;
  /** Its page. */
  readonly href?: string;
  /** What the graph is about. */
  readonly isMain?: boolean;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /** How much goes along it, from 0 to 1: as thick it is drawn. */
  readonly share?: number;
  /** Said where the pointer rests. */
  readonly title?: string;
}

export interface Place {
  /** Of the upper left corner. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
}

/** As large each node is drawn. */
export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 40;
const GAP_X = 110;
const GAP_Y = 14;
/** Between parts that nothing connects. */
const GAP_PARTS = 40;
/** More nodes of one layer stand in several columns. */
const COLUMN_MAX = 24;
/** Times that the layers are put in order by their neighbours. */
const SWEEPS = 4;
/** As much wider as high the whole is to be, about. */
const ASPECT = 1.6;

type Structure = { readonly nodes: readonly string[]; readonly edges: readonly (readonly [string, string])[] };

export function* layout({ nodes, edges }: Structure): Generator<void, Layout> {
  const known = new Set(nodes);
  const kept = edges.filter(([from, to]) => from !== to && known.has(from) && known.has(to));
  const parts = partsOf(nodes, kept);
  yield;
  const laid: Layout[] = [];
  const lone = parts.filter((part) => part.length === 1).flat();
  const edgesByPart = edgesIn(parts, kept);
  for (const [at, part] of parts.entries()) if (part.length > 1) laid.push(yield* layered(part, edgesByPart[at] ?? []));
  if (lone.length > 0) laid.push(grid(lone));
  return packed(laid);
}

/** What is connected, in the order in which it comes. */
function partsOf(nodes: readonly string[], edges: Structure['edges']): string[][] {
  const next = neighbours(edges, 'both');
  const seen = new Set<string>();
  const parts: string[][] = [];
  for (const start of nodes) {
    if (seen.has(start)) continue;
    seen.add(start);
    const part = new Set([start]);
    for (const node of part) {
      for (const other of next.get(node) ?? []) {
        part.add(other);
        seen.add(other);
      }
    }
    parts.push(nodes.length === part.size ? [...nodes] : [...part]);
  }
  return parts;
}

function edgesIn(parts: readonly (readonly string[])[], edges: Structure['edges']): Structure['edges'][] {
  const partOf = new Map(parts.flatMap((part, at) => part.map((node) => [node, at] as const)));
  const found: (readonly [string, string])[][] = parts.map(() => []);
  for (const edge of edges) found[partOf.get(edge[0]) ?? 0]?.push(edge);
  return found;
}

type Ends = 'after' | 'before' | 'both';

function neighbours(edges: Structure['edges'], which: Ends): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (from: string, to: string): void => {
    const others = found.get(from);
    if (others === undefined) found.set(from, [to]);
    else others.push(to);
  };
  for (const [from, to] of edges) {
    if (which !== 'before') add(from, to);
    if (which !== 'after') add(to, from);
  }
  return found;
}

function* layered(nodes: readonly string[], edges: Structure['edges']): Generator<void, Layout> {
  const forward = withoutCycles(nodes, edges);
  yield;
  const layers = layersOf(nodes, forward);
  yield;
  const [before, after] = [neighbours(forward, 'before'), neighbours(forward, 'after')];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    const sequence = layers.map((_, at) => (isDown ? at : layers.length - 1 - at));
    for (const at of sequence) {
      layers[at] = inOrder(layers[at] ?? [], positions(layers), isDown ? before : after);
      yield;
    }
  }
  return placed(layers);
}

/** Turns round what leads back to where one came from. */
function withoutCycles(nodes: readonly string[], edges: Structure['edges']): (readonly [string, string])[] {
  const after = neighbours(edges, 'after');
  const state = new Map<string, 'open' | 'done'>();
  const back = new Set<string>();
  for (const start of nodes) {
    const path: { readonly node: string; at: number }[] = state.has(start) ? [] : [{ node: start, at: 0 }];
    state.set(start, state.get(start) ?? 'open');
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const next = after.get(step.node)?.[step.at];
      step.at += 1;
      if (next === undefined) {
        state.set(step.node, 'done');
        path.pop();
      } else if (state.get(next) === 'open') back.add(keyOf(step.node, next));
      else if (!state.has(next)) {
        state.set(next, 'open');
        path.push({ node: next, at: 0 });
      }
    }
  }
  return edges.map(([from, to]) => (back.has(keyOf(from, to)) ? [to, from] : [from, to]));
}

function keyOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

/** Each node behind all that lead to it. */
function layersOf(nodes: readonly string[], edges: Structure['edges']): string[][] {
  const after = neighbours(edges, 'after');
  const waiting = new Map<string, number>(nodes.map((node) => [node, 0]));
  for (const [, to] of edges) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const depth = new Map<string, number>();
  const ready = nodes.filter((node) => waiting.get(node) === 0);
  for (const node of ready) {
    const own = depth.get(node) ?? 0;
    depth.set(node, own);
    for (const next of after.get(node) ?? []) {
      depth.set(next, Math.max(depth.get(next) ?? 0, own + 1));
      const left = (waiting.get(next) ?? 1) - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  const layers: string[][] = [];
  for (const node of nodes) {
    const at = depth.get(node) ?? 0;
    while (layers.length <= at) layers.push([]);
    layers[at]?.push(node);
  }
  return layers;
}

function positions(layers: readonly (readonly string[])[]): Map<string, number> {
  // Of its layer's height: layers differ in length.
  return new Map(layers.flatMap((layer) => layer.map((node, at) => [node, (at + 0.5) / layer.length] as const)));
}

/** By the middle of its neighbours; what has none stays about where it was. */
function inOrder(
  layer: readonly string[],
  at: ReadonlyMap<string, number>,
  next: ReadonlyMap<string, readonly string[]>,
): string[] {
  const keyed = layer.map((node, index) => {
    const others = next.get(node) ?? [];
    const sum = others.reduce((all, other) => all + (at.get(other) ?? 0), 0);
    return { node, index, middle: others.length === 0 ? (at.get(node) ?? 0) : sum / others.length };
  });
  keyed.sort((one, other) => one.middle - other.middle || one.index - other.index);
  return keyed.map(({ node }) => node);
}

function placed(layers: readonly (readonly string[])[]): Layout {
  const columns = layers.flatMap((layer) => {
    const count = Math.ceil(layer.length / COLUMN_MAX);
    const length = Math.ceil(layer.length / count);
    return Array.from({ length: count }, (_, at) => ({
      nodes: layer.slice(at * length, (at + 1) * length),
      gap: at === 0 ? GAP_X : GAP_Y,
    }));
  });
  const height = Math.max(...columns.map(({ nodes }) => columnHeight(nodes.length)));
  const places = new Map<string, Place>();
  let x = 0;
  for (const [index, { nodes, gap }] of columns.entries()) {
    if (index > 0) x += NODE_WIDTH + gap;
    const top = (height - columnHeight(nodes.length)) / 2;
    for (const [at, node] of nodes.entries()) places.set(node, { x, y: top + at * (NODE_HEIGHT + GAP_Y) });
  }
  return { places, width: x + NODE_WIDTH, height };
}

function columnHeight(nodes: number): number {
  return nodes * (NODE_HEIGHT + GAP_Y) - GAP_Y;
}

/** Those that nothing leads to or from. */
function grid(nodes: readonly string[]): Layout {
  const columns = Math.max(1, Math.ceil(Math.sqrt((nodes.length * ASPECT * NODE_HEIGHT) / NODE_WIDTH)));
  const places = new Map<string, Place>();
  for (const [at, node] of nodes.entries()) {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    places.set(node, { x: column * (NODE_WIDTH + GAP_Y), y: row * (NODE_HEIGHT + GAP_Y) });
  }
  const used = Math.min(columns, nodes.length);
  return {
    places,
    width: used * (NODE_WIDTH + GAP_Y) - GAP_Y,
    height: columnHeight(Math.ceil(nodes.length / columns)),
  };
}

/** Parts beside and below each other, in rows. */
function packed(parts: readonly Layout[]): Layout {
  const area = parts.reduce((all, { width, height }) => all + (width + GAP_PARTS) * (height + GAP_PARTS), 0);
  const room = Math.max(Math.sqrt(area * ASPECT), ...parts.map(({ width }) => width));
  const places = new Map<string, Place>();
  let [x, y, row, width] = [0, 0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > room) {
      y += row + GAP_PARTS;
      [x, row] = [0, 0];
    }
    for (const [node, place] of part.places) places.set(node, { x: place.x + x, y: place.y + y });
    x += part.width + GAP_PARTS;
    row = Math.max(row, part.height);
    width = Math.max(width, x - GAP_PARTS);
  }
  return { places, width, height: y + row };
}
