/**
 * This folder is for WebAssembly and JavaScript beside each other, measured; the command alone imports it.
 *
 * Here: a bench from its beginning to what it writes. What must hold: what cannot be written is refused before anything
 * is measured; figures go to `out`, all else to `progress`.
 */
import { statSync, writeFileSync } from 'node:fs';
import { type BrokerEffort, brokerRows } from './broker-rows.js';
import { type Effort, engineRows } from './engine-rows.js';
import type { Report } from './figures.js';
import { thisMachine } from './machine.js';
import type { Part } from './parts.js';
import { type Output, Progress } from './progress.js';
import { whyNotMarkdown, writeMarkdown } from './report/markdown.js';
import { svgOf } from './report/svg.js';
import { formatTable } from './report/table.js';
import { conditionsOf, tablesOf } from './report/tables.js';

export interface WantedBench {
  readonly parts: readonly Part[];
  readonly rounds: number;
  /** Only to show that it works. */
  readonly isQuick: boolean;
  /** In which durable messages are kept while they are measured. */
  readonly directory: string;
  /** The report as JSON instead of tables. */
  readonly isJson: boolean;
  readonly markdown: string | null;
  readonly svg: string | null;
}

export interface Surroundings {
  readonly version: string;
  /** What was said to the command. */
  readonly args: readonly string[];
  readonly out: Output;
  readonly progress: Output;
}

const THOROUGH = { time: 250, contended: 100_000, duration: 2, warmup: 1.5 };
const QUICK = { time: 5, contended: 500, duration: 0.2, warmup: 0.1 };

export async function runBench(wanted: WantedBench, { version, args, out, progress }: Surroundings): Promise<void> {
  const reason = wanted.markdown === null ? null : whyNotMarkdown(wanted.markdown);
  if (reason !== null) throw new Error(reason);
  if (statSync(wanted.directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`--data must be a directory that is there, not '${wanted.directory}'`);
  const report = await measured(wanted, version, args, new Progress(progress));
  if (wanted.svg !== null) writeFileSync(wanted.svg, svgOf(report));
  if (wanted.markdown !== null) writeMarkdown(wanted.markdown, report, wanted.svg);
  out.write(wanted.isJson ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
}

async function measured(
  { parts, rounds, isQuick, directory }: WantedBench,
  version: string,
  args: readonly string[],
  progress: Progress,
): Promise<Report> {
  const date = new Date().toISOString();
  const effort: Effort & BrokerEffort = { rounds, directory, ...(isQuick ? QUICK : THOROUGH) };
  const engine = parts.includes('engine') ? await engineRows(effort, progress) : [];
  const broker = parts.includes('broker') ? await brokerRows(effort, progress) : [];
  progress.end();
  const command = ['leveret bench', ...args].join(' ');
  return { date, machine: thisMachine(version), command, rounds, engine, broker };
}

function textOf(report: Report): string {
  const tables = tablesOf(report).map(({ heading, columns, rows }) => `${heading}\n\n${formatTable(columns, rows)}`);
  return `${[...tables, conditionsOf(report)].join('\n\n')}\n`;
}
