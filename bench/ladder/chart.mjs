/** The ladder as a chart: a bar for each rung, on a scale of powers of ten. */

const WIDTH = 820;
const LABELS = 290;
const ROW = 30;
const TOP = 20;
const BAR = 18;
const SCALE = WIDTH - LABELS - 190;
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .small { font-size: 11px; fill: #59636e; }
  rect { fill: #654ff0; }
  @media (prefers-color-scheme: dark) { text { fill: #f0f6fc; } .small { fill: #9198a1; } rect { fill: #8f7dff; } }
`;

/**
 * @param {readonly { title: string, rate: number, step: number }[]} steps
 * @param {string} footer
 */
export function svgOf(steps, footer) {
  const low = 10 ** Math.floor(Math.log10(Math.min(...steps.map(({ rate }) => rate))));
  const high = Math.max(...steps.map(({ rate }) => rate));
  const length = (/** @type {number} */ rate) =>
    Math.round((SCALE * Math.log10(rate / low)) / Math.log10(Math.max(high / low, 10)));
  const height = TOP + steps.length * ROW + 2 * TOP;
  const bars = steps.flatMap(({ title, rate, step }, index) => {
    const y = TOP + index * ROW;
    const end = LABELS + Math.max(2, length(rate));
    const factor = index === 0 ? '' : ` (x ${step.toFixed(2)})`;
    return [
      `<text x="${LABELS - 8}" y="${y + BAR - 4}" text-anchor="end">${title}</text>`,
      `<rect x="${LABELS}" y="${y}" width="${end - LABELS}" height="${BAR}"/>`,
      `<text x="${end + 6}" y="${y + BAR - 4}">${Math.round(rate).toLocaleString('en-US')}/s${factor}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<title>What each step of the design is worth</title>',
    `<style>${STYLE}</style>`,
    ...bars,
    `<text class="small" x="8" y="${height - TOP / 2}">Logarithmic scale from ${low.toLocaleString('en-US')}/s. ${footer}</text>`,
    '</svg>\n',
  ].join('\n');
}
