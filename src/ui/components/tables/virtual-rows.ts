/** Which rows of a long table are drawn: those that are seen, and some around them. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** As high as each row is (px): the style sheet says the same. */
export const ROW_HEIGHT = 36;
/** Rows beyond those seen, on either side. */
const AROUND = 12;
/** What is drawn changes after so many rows: not at each step of the wheel. */
const STEP = 8;

export interface Seen {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

/** The box that scrolls, and the rows that are to be drawn in it. */
export function useVirtualRows(total: number): { box: { current: HTMLDivElement | null }; seen: Seen } {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const onScroll = (): void => {
      const step = ROW_HEIGHT * STEP;
      const top = Math.floor(element.scrollTop / step) * step;
      const height = element.clientHeight;
      setPlace((last) => (last.top === top && last.height === height ? last : { top, height }));
    };
    const observer = new ResizeObserver(onScroll);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, []);
  const first = Math.max(0, Math.min(total, Math.floor(place.top / ROW_HEIGHT) - AROUND));
  const end = Math.min(total, Math.ceil((place.top + place.height) / ROW_HEIGHT) + STEP + AROUND);
  return { box, seen: { first, end: Math.max(first, end) } };
}
