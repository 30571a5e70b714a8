/**
 * What documents say of the repository is so: the files, links and commands that they name are there. And they can be
 * read: lines are short, the glossary too.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Folders of which documents may speak, with what lies in them. */
const FOLDERS = ['.ci', 'assembly', 'bench', 'docs', 'examples', 'src', 'test'];
const LINE_MAX = 120;
const GLOSSARY_MAX = 30;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');
const paths = new Set([...files, ...files.flatMap(above)]);
const names = new Set(files.map((file) => file.slice(file.lastIndexOf('/') + 1)));
const documents = files.filter((file) => file.endsWith('.md'));

function above(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...above(folder)];
}

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** What stands in code within a line of prose. */
function codeIn(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

describe.each(documents)('%s', (document) => {
  const text = textOf(document);

  test('names files and folders that are there', () => {
    const inCode = codeIn(text).flatMap((code) => code.match(/^[\w.-]+(\/[\w.-]+)+/)?.[0] ?? []);
    const named = inCode.filter((path) => FOLDERS.includes(path.slice(0, path.indexOf('/'))));
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
    const sources = codeIn(text).flatMap((code) => code.match(/^[\w-]+\.(test\.)?(ts|mjs|c|h)(?=$|:)/)?.[0] ?? []);
    expect(sources.filter((name) => !names.has(name))).toEqual([]);
  });

  test('links to documents that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link ?? '');
    const local = links
      .filter((link) => !/^\w+:/.test(link))
      .map((link) => relative(ROOT, join(ROOT, dirname(document), link)));
    expect(local.filter((path) => !paths.has(path))).toEqual([]);
  });

  test('calls commands that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script ?? '');
    expect(called.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  test('has short lines', () => {
    const long = text.split('\n').filter((line) => line.length > LINE_MAX);
    expect(long).toEqual([]);
  });
});

test('every document is reached from the README, by links', () => {
  const reached = new Set(['README.md']);
  // A set is walked to its end, with what is added meanwhile.
  for (const document of reached) {
    for (const [, link = ''] of textOf(document).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      const path = relative(ROOT, join(ROOT, dirname(document), link));
      if (documents.includes(path)) reached.add(path);
    }
  }
  expect(documents.filter((document) => document.startsWith('docs/') && !reached.has(document))).toEqual([]);
});

test('the glossary is short enough to be read, and has each word once', () => {
  const glossary = textOf('ARCHITECTURE.md').split('## Glossary')[1]?.split('\n## ')[0] ?? '';
  const words = [...glossary.matchAll(/^\| (.+?) \|/gm)].map(([, word]) => word ?? '').slice(1);
  expect(words.length).toBeGreaterThan(0);
  expect(words.length).toBeLessThanOrEqual(GLOSSARY_MAX);
  expect(new Set(words).size).toBe(words.length);
});
