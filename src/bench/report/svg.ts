/** A report as a chart: how many times as long JavaScript takes, row by row, with the interval of each. */
import type { EngineRow, Report } from '../figures.js';
import { machineText } from '../machine.js';
import { bodyText, ratioText } from './tables.js';

const WIDTH = 960;
const MARGIN = 24;
const LABELS = 390;
const VALUES = 70;
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
  .wasm { fill: #654ff0; }
  .line { stroke: #59636e; }
  .same { stroke: #654ff0; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .small { fill: #9198a1; }
    .line { stroke: #9198a1; }
    .wasm { fill: #8f7dff; }
    .same { stroke: #8f7dff; }
  }
`;

/** One part of a chart, from `top` on. */
interface Panel {
  readonly lines: readonly string[];
  readonly height: number;
}

export function svgOf(report: Report): string {
  const panels = [enginePanel];
  let top = MARGIN;
  const lines: string[] = [];
  for (const panel of panels) {
    const { lines: drawn, height } = panel(report, top);
    lines.push(...drawn);
    top += height + MARGIN;
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

function enginePanel({ engine }: Report, top: number): Panel {
  // An interval that leaves the chart says enough.
  const most = Math.max(1, ...engine.map(({ ratio }) => Math.min(ratio.high, 1.5 * ratio.mean)));
  const rows = top + 2 * ROW;
  const bottom = rows + engine.length * ROW;
  const same = LEFT + SCALE / most;
  return {
    lines: [
      text(MARGIN, top + BAR, 'The engines by themselves: how many times as long JavaScript takes', 'title'),
      ...engine.flatMap((row, index) => engineBar(row, rows + index * ROW, SCALE / most)),
      `<line class="same" x1="${round(same)}" x2="${round(same)}" y1="${rows - ROW / 2}" y2="${bottom}"/>`,
      text(same + 4, rows - ROW / 2 + 8, 'as long as WebAssembly', 'small'),
    ],
    height: bottom - top,
  };
}

function engineBar({ what, body, ratio }: EngineRow, y: number, unit: number): string[] {
  const end = (value: number): number => round(LEFT + Math.min(value * unit, SCALE));
  const middle = y + BAR / 2;
  return [
    text(LEFT - 8, y + BAR - 3, `${what}, ${bodyText(body)}`, 'label', 'end'),
    `<rect class="js" x="${LEFT}" y="${y}" width="${round(ratio.mean * unit)}" height="${BAR}"/>`,
    `<line class="line" x1="${end(ratio.low)}" x2="${end(ratio.high)}" y1="${middle}" y2="${middle}"/>`,
    text(end(Math.max(ratio.high, ratio.mean)) + 6, y + BAR - 3, ratioText(ratio.mean)),
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
