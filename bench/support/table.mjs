/**
 * Plain aligned tables for the terminal: text to the left, figures to the right, nothing else to look at.
 */

/** @typedef {{ title: string, align?: 'left' | 'right' }} Column */

/**
 * @param {readonly Column[]} columns
 * @param {readonly (readonly string[])[]} rows one cell a column
 * @returns {string}
 */
export function formatTable(columns, rows) {
  const widths = columns.map((column, i) => Math.max(column.title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const format = (/** @type {readonly string[]} */ cells) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        const width = widths[i] ?? 0;
        return column.align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [format(columns.map((column) => column.title)), rule, ...rows.map(format)].join('\n');
}

/** @param {number} value */
export function thousands(value) {
  return Math.round(value).toLocaleString('en-US');
}
