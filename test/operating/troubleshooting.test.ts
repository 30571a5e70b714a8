/** docs/troubleshoot.md has each line that the broker itself warns of: they are collected from where they are made. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/troubleshoot.md'), 'utf8');

/** What is no broker of ours, or tells those who start something rather than who reads the log. */
const OTHERS = ['ui', 'cli', 'client', 'perf', 'migrate', 'bench', 'testing', 'numbers', 'amqp', 'engine', 'channel'];
/** Where a line is told, with its text; a template's values are not looked at. */
const TOLD = /\b(?:report|lost|warning|error)\(\s*(?:'[\w-]+',\s*)*([`'])((?:\$\{[^}]*\}|(?!\1)[^\\]|\\.)*)\1/g;
/** Lines that are put together elsewhere, by where they stand. */
const MADE = [
  ['src/store/recovery/notices.ts', /lines\.push\((`)([^`]+)\1\)/g],
  ['src/store/recovery/notices.ts', /return (`)(damage in [^`]+)\1/g],
  ['src/store/open-data.ts', /return (`)(dead log files [^`]+)\1/g],
  ['src/node/handle.ts', /= (`)(a defect [^`]+)\1/g],
  ['src/node/cluster/cluster-watch.ts', /text: (`)([^`]+)\1/g],
  ['src/connection/handshake/failed-logins.ts', /(`)(login from [^`]+)\1/g],
] as const;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return OTHERS.includes(path.split('/')[1] ?? '') ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** The text as the page writes it: values are … */
function written(text: string): string {
  return text.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll("\\'", "'");
}

/** Words, not names of levels or areas: a line has some. */
function isLine(text: string): boolean {
  return text.split(' ').length > 3;
}

test('every warning and error of the broker is explained, and what to do about it', () => {
  const direct = sources('src').flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(TOLD)].map(([, , text = '']) => text),
  );
  const made = MADE.flatMap(([path, pattern]) => {
    const found = [...readFileSync(join(ROOT, path), 'utf8').matchAll(pattern)].map((match) => match.at(-1) ?? '');
    expect(found.length, `${path} has such lines no more`).toBeGreaterThan(0);
    return found;
  });
  const lines = [...new Set([...direct, ...made].filter(isLine).map(written))];
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !page.includes(`\`${line}\``))).toEqual([]);
});
