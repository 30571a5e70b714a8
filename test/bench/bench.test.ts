/**
 * `leveret bench`: that what it prints and writes is whole, and that what it cannot do is said in a line before anything
 * is measured. Its figures are nobody's concern here.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Figure, Report } from '../../src/bench/figures.js';
import { WORKLOADS } from '../../src/bench/workloads.js';
import { parseOptions } from '../../src/cli/options.js';
import { brokerEnvironment } from '../support/broker-environment.mjs';

const LEVERET = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const QUICK_MS = 240_000;

function leveret(...args: readonly string[]) {
  return promisify(execFile)(process.execPath, [LEVERET, ...args], { env: brokerEnvironment() });
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'leveret-bench-'));
}

/** One quick bench, which all tests look at. */
const directory = folder();
const markdown = join(directory, 'figures.md');
const chart = join(directory, 'chart.svg');
let report: Report;
let progress = '';

beforeAll(async () => {
  writeFileSync(markdown, '# Kept\n\n<!-- leveret bench: begin -->\nold\n<!-- leveret bench: end -->\n\nKept, too.\n');
  const args = ['--quick', '--json', '--data', directory, '--markdown', markdown, '--svg', chart];
  const { stdout, stderr } = await leveret('bench', ...args);
  report = JSON.parse(stdout) as Report;
  progress = stderr;
}, QUICK_MS);

afterAll(() => rmSync(directory, { recursive: true }));

function expectFigure({ mean, low, high, rounds }: Figure, count: number): void {
  expect(rounds).toHaveLength(count);
  for (const round of rounds) expect(round).toBeGreaterThan(0);
  expect(low).toBeGreaterThan(0);
  expect(low).toBeLessThanOrEqual(mean);
  expect(high).toBeGreaterThanOrEqual(mean);
}

test('JSON has each row with both engines, their rounds and intervals, and says where it was measured', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(report.machine).toMatchObject({ node: process.versions.node, v8: process.versions.v8, leveret: version });
  expect(Math.abs(Date.parse(report.date) - Date.now())).toBeLessThan(QUICK_MS);
  expect(report.command).toBe(`leveret bench --quick --json --data ${directory} --markdown ${markdown} --svg ${chart}`);
  const whats = new Set(report.engine.map(({ what }) => what));
  for (const what of ['publish', 'claim + deliver', 'ack', 'fanout to 10 queues']) expect(whats).toContain(what);
  expect(report.broker.map(({ what }) => what)).toEqual(WORKLOADS.map(({ title }) => title));
  const compared = [...report.engine, ...report.broker.flatMap(({ rate, cpu }) => [rate, cpu])];
  for (const { wasm, js, ratio } of compared) {
    for (const one of [wasm, js, ratio]) expectFigure(one, report.rounds);
    const ratios = js.rounds.map((round, index) => round / (wasm.rounds[index] ?? 0));
    expect(ratio.rounds).toEqual(ratios);
  }
});

test('Markdown has a line for each row, and goes where the old figures were', () => {
  const text = readFileSync(markdown, 'utf8');
  expect(text.startsWith('# Kept\n\n<!-- leveret bench: begin -->\n')).toBe(true);
  expect(text.endsWith('<!-- leveret bench: end -->\n\nKept, too.\n')).toBe(true);
  expect(text).not.toContain('old');
  expect(text).toContain('](chart.svg)');
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  for (const { what } of [...report.engine, ...report.broker])
    expect(lines.some((line) => line.startsWith(`| ${what} |`))).toBe(true);
  const { length: rows } = lines.filter((line) => !line.startsWith('| what |'));
  expect(rows).toBe(report.engine.length + 2 * report.broker.length);
});

test('the chart is well-formed XML, with a bar for each row', () => {
  const bars = execFileSync(
    'python3',
    ['-c', 'import sys, xml.dom.minidom as d; print(len(d.parse(sys.argv[1]).getElementsByTagName("rect")))', chart],
    { encoding: 'utf8' },
  );
  expect(Number(bars)).toBe(report.engine.length + report.broker.length);
});

test('each step is told while it is measured', () => {
  const steps = progress.trimEnd().split('\n');
  expect(steps).toHaveLength((report.engine.length + report.broker.length) * report.rounds * 2);
  expect(steps[0]).toMatch(/^\[ *0\/\d+\] round 1 of \d+, wasm: publish, 16 B$/);
});

test('a directory that is not there is told of, and nothing is measured', async () => {
  const { code, stdout, stderr } = await leveret('bench', '--data', join(directory, 'none')).catch((error) => error);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toBe(`leveret: --data must be a directory that is there, not '${join(directory, 'none')}'\n`);
});

test('nothing of the durable messages is left', () => {
  expect(readdirSync(directory).sort()).toEqual(['chart.svg', 'figures.md']);
});

test('a file that has no marks is kept, and nothing is measured', async () => {
  const file = join(folder(), 'README.md');
  writeFileSync(file, 'Mine.\n');
  onTestFinished(() => rmSync(join(file, '..'), { recursive: true }));
  const { code, stdout, stderr } = await leveret('bench', '--markdown', file).catch((error) => error);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^leveret: .*README.md is there already, and has no lines .* to write between.*\n$/);
  expect(readFileSync(file, 'utf8')).toBe('Mine.\n');
});

test.each([
  [['--rounds', '1'], '--rounds must be a whole number from 2 to 100, not 1'],
  [['--rounds', '2.5'], "--rounds must be a whole number from 2 to 100, not '2.5'"],
  [['--rounds'], '--rounds needs a value: N'],
  [['--svg', ''], "--svg must be the name of a file, not ''"],
  [['--data', ''], "--data must be the name of a directory, not ''"],
  [['--only', 'disk'], "--only must be engine or broker, not 'disk'"],
  [['--markdwon', 'F'], "Unknown option '--markdwon'; the nearest is --markdown"],
  [['--port', '1'], "Unknown option '--port'"],
  [['fast'], "Unexpected argument 'fast'"],
])('%j is refused in one line', (args, reason) => {
  expect(parseOptions(['bench', ...args])).toEqual({ action: 'refuse', reason });
});

test('the help tells each flag', () => {
  const command = parseOptions(['bench', '--help']);
  const help = command.action === 'help' ? command.help : '';
  for (const flag of [
    '--only engine|broker',
    '--data DIR',
    '--rounds N',
    '--quick',
    '--json',
    '--markdown FILE',
    '--svg FILE',
  ])
    expect(help).toContain(flag);
});
