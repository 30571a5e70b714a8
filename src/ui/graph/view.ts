/** Which part of a graph is seen: moved and made larger by mouse, wheel, touch and keys. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Layout, Place } from './layout.js';

/** The middle of what is seen, and how much of the graph a pixel is. */
interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

/** Around the graph. */
const MARGIN = 24;
const SCALE_MIN = 0.35;
/** A text can be read up to this: a larger graph is seen from its beginning. */
const SCALE_READABLE = 1.5;
/** A key moves so far (px), and enlarges so much. */
const STEP = 60;
const ZOOM = 1.25;
/** A pointer that moves less has clicked (px). */
const STILL = 4;

export interface GraphView {
  readonly frame: { current: HTMLDivElement | null };
  readonly viewBox: string;
  readonly isDragged: boolean;
  /** Larger than 1 enlarges. */
  zoom(factor: number): void;
  fit(): void;
  /** Moves there, if it is not seen. */
  show(place: Place & Box): void;
  onKeyDown(event: KeyboardEvent): void;
  onPointerDown(event: PointerEvent): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(event: PointerEvent): void;
  onClickCapture(event: MouseEvent): void;
}

export function useView(layout: Layout): GraphView {
  const frame = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState<Box>({ width: 800, height: 400 });
  const [chosen, setChosen] = useState<View | null>(null);
  const [isDragged, setDragged] = useState(false);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const travelled = useRef(0);
  const view = chosen ?? first(layout, box);
  const most = Math.max(fitted(layout, box).scale, SCALE_READABLE) * 1.2;
  const set = (next: View): void => {
    const scale = Math.min(most, Math.max(SCALE_MIN, next.scale));
    const x = Math.min(layout.width, Math.max(0, next.x));
    const y = Math.min(layout.height, Math.max(0, next.y));
    setChosen({ x, y, scale });
  };
  const now = useRef({ view, set });
  now.current = { view, set };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setBox({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    // Without a key the wheel scrolls the page; a pinch on a touchpad comes as a wheel with Ctrl.
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top, width, height } = element.getBoundingClientRect();
      const at = { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
      now.current.set(zoomed(now.current.view, Math.exp(-event.deltaY / 300), at));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
    };
  }, []);
  const middle = (): Place & { readonly spread: number } => {
    const all = [...pointers.current.values()];
    const mean = (of: 'x' | 'y'): number => all.reduce((sum, one) => sum + one[of], 0) / all.length;
    const [one, other] = all;
    const spread = one === undefined || other === undefined ? 0 : Math.hypot(one.x - other.x, one.y - other.y);
    return { x: mean('x'), y: mean('y'), spread };
  };
  const [width, height] = [box.width * view.scale, box.height * view.scale];
  return {
    frame,
    viewBox: `${view.x - width / 2} ${view.y - height / 2} ${width} ${height}`,
    isDragged,
    zoom: (factor) => set(zoomed(view, factor, { x: 0, y: 0 })),
    fit: () => setChosen(fitted(layout, box)),
    show: ({ x, y, width: w, height: h }) => {
      const isSeen =
        x >= view.x - width / 2 &&
        x + w <= view.x + width / 2 &&
        y >= view.y - height / 2 &&
        y + h <= view.y + height / 2;
      if (!isSeen) set({ ...view, x: x + w / 2, y: y + h / 2 });
    },
    onKeyDown: (event) => {
      const step = STEP * view.scale;
      const moves: Readonly<Record<string, View>> = {
        ArrowLeft: { ...view, x: view.x - step },
        ArrowRight: { ...view, x: view.x + step },
        ArrowUp: { ...view, y: view.y - step },
        ArrowDown: { ...view, y: view.y + step },
        '+': { ...view, scale: view.scale / ZOOM },
        '=': { ...view, scale: view.scale / ZOOM },
        '-': { ...view, scale: view.scale * ZOOM },
        '0': fitted(layout, box),
      };
      const next = moves[event.key];
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      set(next);
    },
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.current.size === 1) travelled.current = 0;
    },
    onPointerMove: (event) => {
      if (!pointers.current.has(event.pointerId)) return;
      const before = middle();
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const after = middle();
      const [dx, dy] = [after.x - before.x, after.y - before.y];
      travelled.current += Math.abs(dx) + Math.abs(dy) + Math.abs(after.spread - before.spread);
      if (travelled.current < STILL) return;
      // From now on it is no click: what is below must not have it.
      frame.current?.setPointerCapture(event.pointerId);
      setDragged(true);
      const moved = { ...view, x: view.x - dx * view.scale, y: view.y - dy * view.scale };
      const factor = before.spread > 0 && after.spread > 0 ? after.spread / before.spread : 1;
      set({ ...moved, scale: moved.scale / factor });
    },
    onPointerUp: (event) => {
      pointers.current.delete(event.pointerId);
      if (pointers.current.size === 0) setDragged(false);
    },
    onClickCapture: (event) => {
      if (travelled.current < STILL) return;
      travelled.current = 0;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

function fitted({ width, height }: Layout, box: Box): View {
  const scale = Math.max(1, (width + 2 * MARGIN) / box.width, (height + 2 * MARGIN) / box.height);
  return { x: width / 2, y: height / 2, scale };
}

/** All of it, if it can be read then; else its upper left corner. */
function first(layout: Layout, box: Box): View {
  const all = fitted(layout, box);
  if (all.scale <= SCALE_READABLE) return all;
  const along = (length: number, room: number): number =>
    Math.max(0, Math.min(length / 2, (room * SCALE_READABLE) / 2 - MARGIN));
  return { x: along(layout.width, box.width), y: along(layout.height, box.height), scale: SCALE_READABLE };
}

/** `at`: the place that stays where it is, from the middle (px). */
function zoomed(view: View, factor: number, at: Place): View {
  const scale = view.scale / factor;
  return { x: view.x + at.x * (view.scale - scale), y: view.y + at.y * (view.scale - scale), scale };
}
