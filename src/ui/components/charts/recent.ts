/** Figures of which the broker keeps no past: gathered while a page is looked at. */
import { useRef } from 'preact/hooks';
import type { History } from './history.js';

/** Of ten minutes, by the usual asking. */
const KEPT = 120;

type Figures = Readonly<Record<string, number | undefined>>;

interface Moment {
  readonly of: object;
  readonly time: number;
  readonly figures: Figures;
}

/** `answer`: another object each time somebody has asked. */
export function useRecent<A extends object>(answer: A | undefined, figuresOf: (answer: A) => Figures): History {
  const moments = useRef<readonly Moment[]>([]);
  if (answer !== undefined && moments.current.at(-1)?.of !== answer) {
    const now = { of: answer, time: Date.now(), figures: figuresOf(answer) };
    moments.current = [...moments.current, now].slice(-KEPT);
  }
  const labels = Object.keys(moments.current[0]?.figures ?? {});
  return {
    times: moments.current.map(({ time }) => time),
    lines: labels.map((label) => ({
      label,
      values: moments.current.map(({ figures }) => figures[label] ?? null),
    })),
  };
}
