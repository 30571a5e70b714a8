/**
 * Figures over time. The library is loaded with the first chart; what a chart shows is said in words too, and listed in
 * a table for who wants to read it.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { octetRate, octets } from '../../text/format.js';
import { type Figured, Figures, type Line } from './figures.js';

interface ChartProps extends Figured {
  /** Over how long, in words: `last 10 minutes`. */
  readonly span: string;
}

const HEIGHT = 170;

/** As many colours as the style sheet has. */
const COLOURS = 8;

export function Chart({ title, times, lines, format, span }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const labels = lines.map(({ label }) => label).join('\n');
  const data = dataOf(times, lines);
  const latest = useRef(data);
  latest.current = data;
  const isDark = useDark();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let isGone = false;
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    void import('uplot').then(({ default: Plot }) => {
      if (isGone) return;
      plot.current = new Plot(optionsOf(element, labels.split('\n'), format), latest.current, element);
      observer.observe(element);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, format, isDark]);
  useEffect(() => plot.current?.setData(data));
  const said = lines.map(({ label, values }) => `${label} ${format(values.at(-1))}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>
        <ul class="legend">
          {lines.map(({ label, values }, at) => (
            <li key={label}>
              <span class={`swatch swatch-${at % COLOURS}`} />
              {label} <b>{format(values.at(-1))}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}, ${span}. Now: ${said}`} />
      <details class="chart-table">
        <summary>As a table</summary>
        <Figures times={times} lines={lines} format={format} title={title} />
      </details>
    </figure>
  );
}

/** Between the lines of a chart of octets: 1 B to 512 TiB, even numbers of the units in which these are told. */
const OCTET_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [times.map((time) => time / 1000), ...lines.map(({ values }) => [...values])];
}

function optionsOf(
  element: HTMLElement,
  labels: readonly string[],
  format: (value: number | null | undefined) => string,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false } },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, values: '{HH}:{mm}:{ss}', space: 80 },
      {
        ...axis,
        size: 64,
        values: (_plot, ticks) => ticks.map((tick) => format(tick)),
        ...(format === octets || format === octetRate ? { incrs: OCTET_STEPS } : {}),
      },
    ],
    series: [
      {},
      ...labels.map((label, at) => ({
        label,
        stroke: colour(`--line-${at % COLOURS}`),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

/** Changes when the colours do: those of a canvas do not change by themselves. */
function useDark(): boolean {
  const [isDark, setDark] = useState(isDarkNow);
  useEffect(() => {
    const update = (): void => setDark(isDarkNow());
    const media = matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    media.addEventListener('change', update);
    return () => {
      observer.disconnect();
      media.removeEventListener('change', update);
    };
  }, []);
  return isDark;
}

function isDarkNow(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}
