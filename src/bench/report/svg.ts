/**
 * A report as a chart: how many times as long JavaScript takes, row by row, and which part of WebAssembly's rate it
 * reaches in a broker, each with its interval.
 */
import type { Comparison, Report } from '../figures.js';
import { machineText } from '../machine.js';
import { thousands } from './table.js';
import { bodyText, ratioText } from './tables.js';

const WIDTH = 960;
const MARGIN = 24;
const LABELS = 390;
const VALUES = 170;
const ROW = 22;
const BAR = 14;
/** What is left for bars. */
const SCALE = WIDTH - 2 * MARGIN - LABELS - VALUES;
const LEFT = MARGIN + LABELS;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .small { font-size: 11px; fill: #59636e; }
  .js { fill: #d4a72c; }
  .line { stroke: #59636e; }
  .same { stroke: #654ff0; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .small { fill: #9198a1; }
    .line { stroke: #9198a1; }
    .same { stroke: #8f7dff; }
  }
`;

interface Bar {
  readonly label: string;
  readonly ratio: Comparison['ratio'];
  /** What stands behind the ratio. */
  readonly value: string;
}

/** One part of a chart. */
interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export function svgOf(report: Report): string {
  let top = MARGIN;
  const lines: string[] = [];
  for (const panel of panelsOf(report)) {
    lines.push(...drawn(panel, top));
    top += heightOf(panel) + MARGIN;
  }
  const [day = ''] = report.date.split('T');
  lines.push(text(MARGIN, top, `${day}: ${machineText(report.machine)}`, 'small'));
  const height = top + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<title>WebAssembly and JavaScript beside each other</title>',
    `<style>${STYLE}</style>`,
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function panelsOf({ engine, broker }: Report): Panel[] {
  const engines: Panel = {
    title: 'The engines by themselves: how many times as long JavaScript takes',
    bars: engine.map(({ what, body, ratio }) => ({ label: `${what}, ${bodyText(body)}`, ratio, value: '' })),
  };
  const brokers: Panel = {
    title: "The whole broker: JavaScript's messages a second, beside WebAssembly's",
    bars: broker.map(({ what, rate: { wasm, js, ratio } }) => ({
      label: what,
      ratio,
      value: `  (${thousands(js.mean)} / ${thousands(wasm.mean)})`,
    })),
  };
  return [engines, brokers].filter(({ bars }) => bars.length > 0);
}

function heightOf({ bars }: Panel): number {
  return (2 + bars.length) * ROW;
}

function drawn({ title, bars }: Panel, top: number): string[] {
  // An interval that leaves the chart says enough.
  const most = Math.max(1, ...bars.map(({ ratio: { mean, high } }) => Math.min(high, 1.5 * mean)));
  const rows = top + 2 * ROW;
  const same = LEFT + SCALE / most;
  return [
    text(MARGIN, top + BAR, title, 'title'),
    ...bars.flatMap((bar, index) => barOf(bar, rows + index * ROW, SCALE / most)),
    `<line class="same" x1="${round(same)}" x2="${round(same)}" y1="${rows - 4}" y2="${top + heightOf({ title, bars })}"/>`,
    text(same, rows - 8, 'as WebAssembly', 'small', 'middle'),
  ];
}

function barOf({ label, ratio, value }: Bar, y: number, unit: number): string[] {
  const end = (length: number): number => round(LEFT + Math.min(length * unit, SCALE));
  const middle = y + BAR / 2;
  return [
    text(LEFT - 8, y + BAR - 3, label, 'label', 'end'),
    `<rect class="js" x="${LEFT}" y="${y}" width="${round(ratio.mean * unit)}" height="${BAR}"/>`,
    `<line class="line" x1="${end(ratio.low)}" x2="${end(ratio.high)}" y1="${middle}" y2="${middle}"/>`,
    text(end(ratio.high) + 6, y + BAR - 3, `${ratioText(ratio.mean)}${value}`),
  ];
}

function text(x: number, y: number, content: string, kind = 'label', anchor = 'start'): string {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
