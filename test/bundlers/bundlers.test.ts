/**
 * Programs that were bundled together with the package: by esbuild, Vite and webpack. The files of the broker's threads
 * cannot go into a bundle; they are found in the installed package, or where the program says.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { run, usePacked } from '../support/packed.js';

const place = usePacked(['amqplib']);
const PROGRAM = `
  import { Broker } from 'leveret';
  import amqp from 'amqplib';
  const [, , files] = process.argv;
  async function main() {
    const broker = await Broker.start(files === undefined ? {} : { files });
    const connection = await amqp.connect(broker.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('q');
    channel.sendToQueue('q', Buffer.from('through a bundle'));
    await channel.waitForConfirms();
    const message = await channel.get('q', { noAck: true });
    console.log(message.content.toString());
    await connection.close();
    await broker.stop();
  }
  main().catch((error) => console.log(error.name + ': ' + error.message));
`;
const SERVED = 'through a bundle';
/** Packages of CommonJS in a bundle that is none ask for it. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

beforeAll(() => writeFileSync(join(place(), 'app.mjs'), PROGRAM));

type Format = 'esm' | 'cjs';

async function byEsbuild(format: Format): Promise<string> {
  const outfile = join(place(), `esbuild.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await esbuild.build({
    entryPoints: [join(place(), 'app.mjs')],
    absWorkingDir: place(),
    outfile,
    format,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    ...(format === 'esm' ? { banner: { js: REQUIRE } } : {}),
  });
  return outfile;
}

async function byVite(): Promise<string> {
  const { build } = await import('vite');
  const outDir = join(place(), 'vite');
  await build({
    root: place(),
    configFile: false,
    logLevel: 'silent',
    build: { ssr: join(place(), 'app.mjs'), outDir, target: 'node20' },
    ssr: { noExternal: true },
  });
  return join(outDir, readdirSync(outDir).find((name) => /\.m?js$/.test(name)) ?? '');
}

async function byWebpack(): Promise<string> {
  const { default: webpack } = await import('webpack');
  const path = join(place(), 'webpack');
  const compiler = webpack({
    context: place(),
    entry: './app.mjs',
    mode: 'none',
    target: 'node',
    output: { path, filename: 'app.cjs' },
  });
  await new Promise<void>((resolve, reject) => {
    compiler?.run((error, stats) => {
      if (error !== null && error !== undefined) reject(error);
      else if (stats?.hasErrors() === true) reject(new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
  return join(path, 'app.cjs');
}

test.each<[string, () => Promise<string>]>([
  ['esbuild, as a module', () => byEsbuild('esm')],
  ['esbuild, as CommonJS', () => byEsbuild('cjs')],
  ['Vite', byVite],
  ['webpack', byWebpack],
])(
  'a program bundled by %s serves a real client',
  async (_, bundled) => {
    const { stdout } = await run(process.execPath, [await bundled()], { cwd: place() });
    expect(stdout.trim()).toBe(SERVED);
  },
  60_000,
);

test('a bundle without the package is told what to say, and serves once it says so', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'leveret-bundle-'));
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  const bundle = join(elsewhere, 'app.cjs');
  renameSync(await byEsbuild('cjs'), bundle);
  const alone = await run(process.execPath, [bundle], { cwd: elsewhere });
  expect(alone.stdout).toMatch(
    /^OptionError: the files of leveret are not in .*leave the package out of the bundle, or say by the option files where/,
  );
  const dist = join(place(), 'node_modules', 'leveret', 'dist');
  const told = await run(process.execPath, [bundle, dist], { cwd: elsewhere });
  expect(told.stdout.trim()).toBe(SERVED);
});
