/** What comes out of a load: JSON that holds to its schema, a chart that any program can show, lines for people. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SaxesParser } from 'saxes';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker, useBroker } from '../../support/broker.js';
import { useCertificates } from '../../support/certificates.js';
import { report, startPerf } from './support.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('trusted');
  return { authority, other: workshop.authority('other'), broker: workshop.signed('broker', authority) };
});

const broker = useBroker();

const schema = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../docs/perf.schema.json', import.meta.url)), 'utf8'),
) as object;
const holds = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

/** Throws where it is not well-formed. Returns the names of its elements. */
function elements(xml: string): string[] {
  const names: string[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ name }) => void names.push(name));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return names;
}

test.each([
  ['of a whole load', ['-x', '2', '-y', '2', '-c', '10', '-r', '200', '-z', '0.7', '-i', '0.2']],
  ['that was warmed up', ['--warmup', '0.2', '-z', '0.3', '-r', '500']],
  [
    'of sizes and rates that change',
    [
      '--variable-size',
      '12:0.1',
      '--variable-size',
      '9K:0.1',
      '--variable-rate',
      '900:0.1',
      '--variable-rate',
      '90:0.2',
      '-z',
      '0.6',
    ],
  ],
  ['without consumers', ['-y', '0', '-C', '20', '-c', '5']],
  ['without stamps', ['-s', '4', '-C', '20']],
])('the JSON holds to its schema: %s', async (_how, flags) => {
  const found = await report(broker(), ...flags);
  expect(holds(found), JSON.stringify(holds.errors)).toBe(true);
  expect(found.published.count).toBeGreaterThan(0);
  const inOrder = [found.latency, found.confirmLatency].flatMap((one) =>
    one === null ? [] : [[one.min, one.median, one.p75, one.p95, one.p99, one.p999, one.max]],
  );
  for (const values of inOrder) expect(values).toEqual([...values].sort((a, b) => a - b));
});

test('a chart is well-formed, whatever the run is called', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-perf-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'run.svg');
  const name = 'a <b> & "c"\u0001\u{1f407}';
  await report(broker(), '-d', name, '-r', '100', '-z', '0.6', '-i', '0.2', '--chart', file);
  const svg = readFileSync(file, 'utf8');
  expect(elements(svg)).toEqual(expect.arrayContaining(['svg', 'title', 'path', 'text']));
  expect(svg).toContain('<title>a &lt;b&gt; &amp; &quot;c&quot;\u{1f407}</title>');
});

test('a chart that cannot be written is told, behind the result', async () => {
  const { code, out, error } = await startPerf(['--url', broker().url, '-C', '5', '--chart', '/nowhere/run.svg']).ended;
  expect(code).toBe(1);
  expect(out).toContain('published   5,');
  expect(error).toMatch(/^leveret perf: --chart cannot be written: ENOENT[^\n]*\n$/);
});

test('people read a line of each interval, and the result', async () => {
  const { code, out, error } = await startPerf(['--url', broker().url, '-r', '50', '-c', '5', '-z', '0.5', '-i', '0.2'])
    .ended;
  expect([code, error]).toEqual([0, '']);
  expect(out).toMatch(/^time 0\.\d s, published [\d.,]+ msg\/s, confirmed [\d.,]+ msg\/s, consumed [\d.,]+ msg\/s/);
  expect(out).toMatch(/\n {2}latency {5}min .*, median .*, 99th .*, max /);
});

test('a load comes by TLS from a broker whose authority is trusted, and from no other', async () => {
  const { broker: own, authority, other } = certificates();
  const flags = ['--tls-cert', own.certificate, '--tls-key', own.key, '--tls-port', '0'];
  const secure = await startBroker({ flags });
  onTestFinished(async () => void (await secure.stop()));
  const [, port] = /amqps:\/\/[^\s]*:(\d+)/.exec(await secure.told(/amqps:/)) ?? [];
  const url = `amqps://localhost:${port}`;
  const trusted = ['--tls-ca', authority.certificate];
  const messages = ['-x', '3', '-y', '2', '-C', '200', '-c', '20', '-s', '20K', '-q', '10'];
  const run = await startPerf(['--url', url, ...trusted, '--json', '--quiet', ...messages]).ended;
  expect([run.code, run.error]).toEqual([0, '']);
  const { published, consumed, confirmed } = JSON.parse(run.out) as Awaited<ReturnType<typeof report>>;
  expect([published.count, consumed.count, confirmed.count]).toEqual([600, 600, 600]);
  // Two brokers may be one: connections go round over both ways to it.
  const both = await startPerf(['--url', url, '--url', secure.url, '--tls-insecure', '-C', '50', '-x', '2', '-q', '5'])
    .ended;
  expect([both.code, both.error]).toEqual([0, '']);
  const strange = await startPerf(['--url', url, '--tls-ca', other.certificate]).ended;
  expect(strange.code).toBe(69);
  expect(strange.error).toMatch(
    /^leveret perf: amqps:\/\/localhost:\d+ cannot be reached: [A-Z_]+: its certificate is not trusted; --tls-ca names whose are\n$/,
  );
});
