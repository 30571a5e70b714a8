/**
 * The stored transcripts: one file per group of scenarios, `{ scenario: lines }`, as RabbitMQ 3.10.8 answered.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Transcripts = Record<string, readonly string[]>;

export function readTranscripts(group: string): Transcripts {
  const path = pathOf(group);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Transcripts) : {};
}

export function writeTranscripts(group: string, transcripts: Transcripts): void {
  const entries = Object.entries(transcripts).map(([name, lines]) => entry(JSON.stringify(name), lines));
  writeFileSync(pathOf(group), `{\n${entries.join(',\n')}\n}\n`);
}

const LINE_WIDTH = 120;

/** One scenario, on one line when it fits there, as the formatter wants it. */
function entry(name: string, lines: readonly string[]): string {
  const texts = lines.map((line) => JSON.stringify(line));
  const short = `  ${name}: [${texts.join(', ')}]`;
  if (short.length < LINE_WIDTH) return short;
  return `  ${name}: [\n${texts.map((text) => `    ${text}`).join(',\n')}\n  ]`;
}

function pathOf(group: string): string {
  return fileURLToPath(new URL(`./transcripts/${group}.json`, import.meta.url));
}
