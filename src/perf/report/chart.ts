/**
 * A run as a drawing: rates over time, and below them latencies, on a scale of powers of ten. SVG without scripts, styles
 * of others or fonts of its own, so that it shows wherever pictures do.
 */
import { duration } from './lines.js';
import type { Report, SampleReport } from './report.js';

const WIDTH = 960;
const PANEL = 240;
const LEFT = 88;
const RIGHT = 170;
const TOP = 84;
const GAP = 72;
const TICKS = 5;
/** Colours that people with any sight tell apart (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'] as const;

interface Line {
  readonly label: string;
  readonly colour: string;
  /** Null: nothing was measured. */
  readonly values: readonly (number | null)[];
}

/** From values to heights, 0 being the foot. */
interface Scale {
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  place(value: number): number;
}

export function chartOf(report: Report): string {
  const { samples } = report;
  const times = samples.map(({ at }) => at);
  const latencies = latencyLines(samples);
  const height = TOP + PANEL + GAP + (latencies.length > 0 ? PANEL + GAP : 0);
  const panels = [panel('messages a second', TOP, times, rateLines(report), linear)];
  if (latencies.length > 0) panels.push(panel('latency', TOP + PANEL + GAP, times, latencies, logarithmic));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(report.name)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="28" font-size="18">${escaped(report.name)}</text>`,
    `<text x="${LEFT}" y="46" fill="#555555">${escaped(subtitle(report))}</text>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function subtitle({ producers, consumers, queues, startedAt }: Report): string {
  const counts = [counted(producers, 'producer'), counted(consumers, 'consumer'), counted(queues, 'queue')];
  return `${counts.join(', ')}, ${startedAt}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function rateLines({ samples, confirmed }: Report): Line[] {
  const line = (label: string, colour: string, rate: (sample: SampleReport) => number): Line => ({
    label,
    colour,
    values: samples.map(rate),
  });
  return [
    line('published', COLOURS[0], ({ publishedRate }) => publishedRate),
    line('consumed', COLOURS[1], ({ consumedRate }) => consumedRate),
    ...(confirmed.count > 0 ? [line('confirmed', COLOURS[2], ({ confirmedRate }) => confirmedRate)] : []),
  ];
}

/** Of deliveries, or, where nothing was consumed, of confirms. */
function latencyLines(samples: readonly SampleReport[]): Line[] {
  const isOfConfirms = samples.every(({ latency }) => latency === null);
  const found = samples.map(({ latency, confirmLatency }) => (isOfConfirms ? confirmLatency : latency));
  if (found.every((latency) => latency === null)) return [];
  const what = isOfConfirms ? ' to confirm' : '';
  return [
    { label: `median${what}`, colour: COLOURS[0], values: found.map((one) => one?.median ?? null) },
    { label: `95th${what}`, colour: COLOURS[2], values: found.map((one) => one?.p95 ?? null) },
    { label: `99th${what}`, colour: COLOURS[1], values: found.map((one) => one?.p99 ?? null) },
    { label: `largest${what}`, colour: COLOURS[3], values: found.map((one) => one?.max ?? null) },
  ];
}

function panel(
  title: string,
  top: number,
  times: readonly number[],
  lines: readonly Line[],
  scaleFor: (values: readonly number[]) => Scale,
): string {
  const scale = scaleFor(lines.flatMap(({ values }) => values.filter((value) => value !== null)));
  const end = Math.max(...times, 1e-3);
  const x = (time: number): string => (LEFT + (time / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (height: number): string => (top + PANEL * (1 - height)).toFixed(1);
  return [
    `<g stroke="#dddddd">${scale.ticks.map(({ at }) => `<path d="M${LEFT} ${y(at)}H${WIDTH - RIGHT}"/>`).join('')}</g>`,
    `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>`,
    ...scale.ticks.map(({ at, text }) => `<text x="${LEFT - 8}" y="${y(at)}" dy="4" text-anchor="end">${text}</text>`),
    ...timeTicks(end).map(
      (time) => `<text x="${x(time)}" y="${top + PANEL + 20}" text-anchor="middle">${time} s</text>`,
    ),
    ...lines.map(({ colour, values }) => {
      const path = pathOf(
        values.map((value, index) => (value === null ? null : [x(times[index] ?? 0), y(scale.place(value))])),
      );
      return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
    }),
    ...lines.map(({ label, colour }, index) => {
      const at = top + 12 + index * 20;
      const from = WIDTH - RIGHT + 14;
      return `<path d="M${from} ${at}h20" stroke="${colour}" stroke-width="2"/><text x="${from + 26}" y="${at + 4}">${label}</text>`;
    }),
  ].join('\n');
}

/** A line that is broken where there is no value; a value that stands alone is a dot's width. */
function pathOf(points: readonly (readonly [string, string] | null | string[])[]): string {
  let path = '';
  let isDrawn = false;
  points.forEach((point, index) => {
    if (point !== null) {
      path += `${isDrawn ? 'L' : 'M'}${point[0]} ${point[1]}`;
      if (!isDrawn && (points[index + 1] ?? null) === null) path += 'h2';
    }
    isDrawn = point !== null;
  });
  return path === '' ? 'M0 0' : path;
}

/** Round numbers, some five of them. */
function stepFor(most: number): number {
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? power;
}

function timeTicks(end: number): number[] {
  const step = stepFor(end);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function linear(values: readonly number[]): Scale {
  const most = Math.max(...values, 1);
  const step = stepFor(most);
  const top = Math.ceil(most / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => ({
    at: (index * step) / top,
    text: Number((index * step).toPrecision(6)).toLocaleString('en-US'),
  }));
  return { ticks, place: (value) => value / top };
}

function logarithmic(values: readonly number[]): Scale {
  const least = Math.floor(Math.log10(Math.max(1, Math.min(...values))));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(1, ...values))));
  const ticks = Array.from({ length: most - least + 1 }, (_, index) => ({
    at: index / (most - least),
    text: duration(10 ** (least + index)),
  }));
  return { ticks, place: (value) => (Math.log10(Math.max(1, value)) - least) / (most - least) };
}

/** As XML has it; what no XML may contain is left out. */
function escaped(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '');
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
