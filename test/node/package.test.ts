/**
 * The package as other programs have it: packed, unpacked beside a program of their own, and imported by its name.
 */
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, run, usePacked } from '../support/packed.js';

const place = usePacked(['amqplib']);

/** Runs a program beside the package; what it writes. */
async function played(name: string, source: string): Promise<string> {
  writeFileSync(join(place(), name), source);
  return (await run(process.execPath, [name], { cwd: place() })).stdout.trim();
}

test('a typed program embeds a broker, asks its administration, and leaves nothing behind', async () => {
  const source = `
    import { Broker, BrokerDefect, type BrokerOptions } from 'leveret';
    const options: BrokerOptions = { log: ({ level, message }) => level !== 'info' && console.error(message) };
    const broker: Broker = await Broker.start(options);
    const refusal: string | null = await broker.administration.users.add('ann', 'secret', ['monitoring']);
    const twice: string | null = await broker.administration.users.add('ann', 'secret');
    const users = await broker.administration.users.list();
    const open: boolean = broker.url === 'amqp://guest:guest@127.0.0.1:' + broker.port;
    const ended: Promise<boolean> = broker.closed.then(() => true, (error) => !(error instanceof BrokerDefect));
    await broker.stop();
    console.log(JSON.stringify([refusal, twice, users.map(({ name }) => name), open, await ended]));
  `;
  writeFileSync(join(place(), 'program.mts'), source);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  await run(process.execPath, [tsc, ...flags, 'program.mts'], { cwd: place() });
  const { stdout, stderr } = await run(process.execPath, ['program.mjs'], { cwd: place() });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([null, "user 'ann' already exists", ['guest', 'ann'], true, true]);
  expect(readdirSync(place())).not.toContain('data');
});

test('the program among the examples does what it says', async () => {
  copyFileSync(join(root, 'examples', 'node-embedded.mjs'), join(place(), 'node-embedded.mjs'));
  const { stdout } = await run(process.execPath, ['node-embedded.mjs'], { cwd: place() });
  expect(stdout.trim().split('\n')).toEqual([
    'a connection of ann is opened',
    'read: hello',
    'a connection of ann is closed',
    'stopped',
  ]);
});

test.each([
  'leveret/dist/node/broker.js',
  'leveret/dist/cli/main.js',
  'leveret/package.json',
  'leveret/index',
])('nothing else of the package can be imported: %s', async (path) => {
  const source = `import('${path}').then(() => console.log('imported'), (error) => console.log(error.code));`;
  expect(await played('deep.mjs', source)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('the core for other runtimes is reached by its name', async () => {
  const source = `
    import { readFile } from 'node:fs/promises';
    const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('leveret/core.wasm'))));
    console.log(WebAssembly.Module.exports(module).some(({ name }) => name === 'initCore'));
  `;
  expect(await played('core.mjs', source)).toBe('true');
});

test('a wrong option and a wrong argument are refused in one line, and the broker goes on', async () => {
  const source = `
    import { Broker, BrokerStartError, OptionError } from 'leveret';
    const told = (promise) => promise.then(() => 'taken', (error) => [error.constructor.name, error.message]);
    const lines = [await told(Broker.start({ port: 'amqp' }))];
    const broker = await Broker.start();
    const { port } = broker;
    lines.push(await told(Broker.start({ port })));
    lines.push(await told(broker.administration.createVhost(7)));
    lines.push(await told(broker.administration.setPolicy('rule', {})));
    lines.push(await broker.administration.createVhost('new'));
    await broker.stop();
    lines.push(await told(broker.administration.vhosts()));
    console.log(JSON.stringify(lines).replaceAll(port, 'PORT'));
  `;
  expect(JSON.parse(await played('wrong.mjs', source))).toEqual([
    ['OptionError', "port must be a whole number from 0 to 65535, not 'amqp'"],
    ['BrokerStartError', expect.stringMatching(/^cannot listen on tcp:\/\/127\.0\.0\.1:PORT: /)],
    ['TypeError', 'a text is needed, not 7'],
    ['TypeError', 'needed is one of policy, operator policy'],
    true,
    ['BrokerClosedError', 'the broker has ended'],
  ]);
});
