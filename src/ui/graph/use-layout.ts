/** Lays a graph out between what else the page does; anew only where nodes or edges have come or gone. */
import { useEffect, useState } from 'preact/hooks';
import { type GraphEdge, type GraphNode, type Layout, layout } from './layout.js';

/** As long one works at it before others have their turn (ms). */
const PORTION_MS = 6;

/** Null: it is under way. */
export function useLayout(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Layout | null {
  const structure = { nodes: nodes.map(({ id }) => id), edges: edges.map(({ from, to }) => [from, to] as const) };
  const key = JSON.stringify(structure);
  const [done, setDone] = useState<{ readonly key: string; readonly layout: Layout } | null>(null);
  useEffect(() => {
    const work = layout(structure);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const go = (): void => {
      const end = performance.now() + PORTION_MS;
      while (performance.now() < end) {
        const step = work.next();
        if (step.done) return setDone({ key, layout: step.value });
      }
      timer = setTimeout(go);
    };
    go();
    return () => clearTimeout(timer);
  }, [key]);
  return done?.key === key ? done.layout : null;
}
