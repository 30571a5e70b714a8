/**
 * A report in Markdown: a file of its own, or the part of a file between two marks. What must hold: nothing is lost
 * of a file that nobody has marked.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import type { Report } from '../figures.js';
import { markdownTable } from './table.js';
import { conditionsOf, tablesOf } from './tables.js';

const BEGIN = '<!-- leveret bench: begin -->';
const END = '<!-- leveret bench: end -->';
const WIDTH = 120;

/** Why a file cannot take a report; null: it can. */
export function whyNotMarkdown(file: string): string | null {
  if (!existsSync(file)) return null;
  return marked(readFileSync(file, 'utf8')) === null
    ? `${file} is there already, and has no lines '${BEGIN}' and '${END}' to write between`
    : null;
}

/** `chart`: the file that has the report's chart. */
export function writeMarkdown(file: string, report: Report, chart: string | null): void {
  const link = chart === null ? null : relative(dirname(file), chart).split(sep).join('/');
  const part = `${BEGIN}\n\n${markdownOf(report, link)}\n\n${END}`;
  const around = existsSync(file) ? marked(readFileSync(file, 'utf8')) : { before: '', after: '\n' };
  if (around === null) throw new Error(`${file} has lost its marks`);
  writeFileSync(file, `${around.before}${part}${around.after}`);
}

function marked(text: string): { before: string; after: string } | null {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  return begin < 0 || end < 0 ? null : { before: text.slice(0, begin), after: text.slice(end + END.length) };
}

function markdownOf(report: Report, chart: string | null): string {
  const parts = [
    wrapped(`${conditionsOf(report)} Made by \`${report.command}\`.`),
    ...(chart === null ? [] : [`![WebAssembly and JavaScript beside each other](${chart})`]),
    ...tablesOf(report).flatMap(({ heading, columns, rows }) => [`### ${heading}`, markdownTable(columns, rows)]),
  ];
  return parts.join('\n\n');
}

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}
