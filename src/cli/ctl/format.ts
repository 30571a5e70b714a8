/**
 * How what a command brings is written: as rabbitmqctl writes its tables, JSON and CSV. What must hold: a script that
 * reads the one reads the other.
 */
import type { Cell, Outcome, Row } from './command.js';

export const FORMATS = ['table', 'json', 'csv', 'pretty_table'] as const;
export type Format = (typeof FORMATS)[number];

type Rows = Extract<Outcome, { kind: 'rows' }>;

/** `hasHeader`: whether the names of columns are wanted. */
export function written(outcome: Outcome, format: Format, hasHeader: boolean): string {
  switch (outcome.kind) {
    case 'done':
      return '';
    case 'text':
      return format === 'json' ? `${JSON.stringify(outcome.text)}\n` : `${outcome.text}\n`;
    case 'value':
      return format === 'json' ? `${JSON.stringify(outcome.value)}\n` : `${cellText(outcome.value)}\n`;
    case 'rows':
      return rowsWritten({ ...outcome, hasHeader: hasHeader && outcome.hasHeader !== false }, format);
  }
}

function rowsWritten(list: Rows, format: Format): string {
  switch (format) {
    case 'json':
      return json(list);
    case 'csv':
      return csv(list);
    case 'pretty_table':
      return list.rows.length === 0 ? '' : prettyTable(list);
    case 'table':
      return table(list);
  }
}

function table({ columns, rows, hasHeader, emptyLine }: Rows): string {
  if (rows.length === 0) return emptyLine === true ? '\n' : '';
  const lines = rows.map((row) => columns.map((column) => oneLine(cellText(row[column] ?? null))).join('\t'));
  return [...(hasHeader === true ? [columns.join('\t')] : []), ...lines].map((line) => `${line}\n`).join('');
}

/** A table has a line for each row, whatever its cells hold. */
function oneLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function json({ columns, rows }: Rows): string {
  if (rows.length === 0) return '[]\n';
  const objects = rows.map((row) => JSON.stringify(chosen(row, columns)));
  return `[\n${objects.join('\n,')}\n]\n`;
}

function chosen(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, jsonCell(row[column] ?? '')]));
}

/** A table of arguments, as a list of names, types and values. The HTTP API does not tell how wide a number is. */
function jsonCell(cell: Cell): Cell {
  if (typeof cell !== 'object' || cell === null || Array.isArray(cell)) return cell;
  return Object.entries(cell as Readonly<Record<string, Cell>>).map(([name, value]) => [
    name,
    typeOf(value),
    jsonCell(value),
  ]);
}

function typeOf(value: Cell): string {
  switch (typeof value) {
    case 'string':
      return 'longstr';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'long' : 'double';
    default:
      return value === null ? 'void' : Array.isArray(value) ? 'array' : 'table';
  }
}

function csv({ columns, rows, hasHeader }: Rows): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => columns.map((column) => csvCell(row[column] ?? null)).join(','));
  const header = columns.map((column) => csvCell(column)).join(',');
  return [...(hasHeader === true ? [header] : []), ...lines].map((line) => `${line}\n`).join('');
}

function csvCell(cell: Cell): string {
  return `"${cellText(cell).replaceAll('"', '""')}"`;
}

/** A table with lines, for people. */
function prettyTable({ columns, rows, hasHeader }: Rows): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(cellText(row[column] ?? null))));
  const all = hasHeader === true ? [[...columns], ...cells] : cells;
  const widths = columns.map((_, i) => Math.max(...all.map((line) => [...(line[i] ?? '')].length)));
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  const lines = all.map((line) => `│${line.map((text, i) => ` ${padded(text, widths[i] ?? 0)} `).join('│')}│`);
  return `${[rule('┌', '┬', '┐'), lines.join(`\n${rule('├', '┼', '┤')}\n`), rule('└', '┴', '┘')].join('\n')}\n`;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - [...text].length);
}

/** As RabbitMQ writes values of Erlang. */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'object') return String(cell);
  return Array.isArray(cell) ? `[${cell.map(cellText).join(', ')}]` : termText(cell as Readonly<Record<string, Cell>>);
}

/** A table of arguments, as a list of pairs. */
function termText(fields: Readonly<Record<string, Cell>>): string {
  return `[${Object.entries(fields)
    .map(([name, value]) => `{"${name}",${innerText(value)}}`)
    .join(',')}]`;
}

function innerText(value: Cell): string {
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(innerText).join(',')}]`;
  return typeof value === 'object' && value !== null
    ? termText(value as Readonly<Record<string, Cell>>)
    : String(value);
}
