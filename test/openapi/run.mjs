/**
 * Requests that follow from the HTTP API's document, and such as break it, made up for minutes by schemathesis.
 *
 *   node test/openapi/run.mjs [--minutes 3] [--seed N] [--python PATH]
 *
 * What must hold: no answer says that there is a defect; each has a status, a type and a body that the document has;
 * what the document forbids is refused; nobody gets anything without a password; the broker lives. `--python` names one
 * that has schemathesis; else it is installed below test/openapi/build.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import { Broker } from '../../dist/index.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILD = `${HERE}build`;

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, python: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 3);
const seed = Number(values.seed ?? 1 + Math.floor(Math.random() * 1e9));
console.log(`openapi: ${minutes} minutes, seed ${seed}: node test/openapi/run.mjs --seed ${seed}`);

const python = values.python ?? installed();
/** Lines on defects. */
const errors = [];
const broker = await Broker.start({
  workers: 2,
  memory: 256 * 1024 ** 2,
  management: {},
  log: ({ level, message }) => {
    if (level === 'error' && message.includes('was answered by 500')) errors.push(message);
  },
});
const api = `http://127.0.0.1:${broker.management.port}`;
await furnish();
const clients = await connect();
const status = await fuzz();
await Promise.allSettled(clients.map((client) => client.close()));
await broker.stop();
if (errors.length > 0) console.error(`openapi: the broker has told of defects:\n${errors.slice(0, 20).join('\n')}`);
console.log(status === 0 && errors.length === 0 ? 'openapi: all held' : `openapi: seed ${seed} has failed`);
process.exit(status === 0 && errors.length === 0 ? 0 : 1);

function installed() {
  const path = `${BUILD}/bin/python`;
  if (!existsSync(`${BUILD}/bin/schemathesis`)) {
    run('python3', ['-m', 'venv', BUILD]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    run(path, [...pip, '-r', `${HERE}requirements.txt`]);
  }
  return path;
}

function run(command, args) {
  const { status: code } = spawnSync(command, args, { stdio: 'inherit' });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} has failed`);
}

/** What most requests are about, and who asks. */
async function furnish() {
  const all = { configure: '.*', write: '.*', read: '.*' };
  await put('users/fuzz', { password: 'secret', tags: 'administrator' });
  for (const name of ['fuzz-plain', 'fuzz-other']) await put(`users/${name}`, { password: 'x', tags: 'management' });
  for (const vhost of ['%2F', 'fuzz', 'fuzz%20two']) {
    await put(`vhosts/${vhost}`, {});
    for (const user of ['guest', 'fuzz', 'fuzz-plain']) await put(`permissions/${vhost}/${user}`, all);
    await put(`exchanges/${vhost}/events`, { type: 'topic' });
    await put(`queues/${vhost}/orders`, { durable: true });
  }
}

async function put(path, body) {
  const headers = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };
  const answer = await fetch(`${api}/api/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`PUT ${path} is answered by ${answer.status} ${await answer.text()}`);
}

/** Clients that listings show; whatever becomes of them is no failure. */
async function connect() {
  const connections = [];
  for (const vhost of ['%2F', 'fuzz']) {
    const connection = await amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}/${vhost}`);
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.prefetch(2);
    await channel.consume('orders', () => {});
    channel.publish('', 'orders', Buffer.from('one'), { headers: { n: 1 } });
    connections.push(connection);
  }
  return connections;
}

/** Resolves with what schemathesis ends with. */
function fuzz() {
  const options = ['--url', api, '--auth', 'fuzz:secret', '--seed', String(seed)];
  const times = ['--max-time', String(Math.round(minutes * 60)), '--request-timeout', '30', '--workers', '1'];
  const more = [
    '--phases',
    'examples,coverage,fuzzing',
    '--continue-on-failure',
    '--warnings',
    'off',
    '--suppress-health-check',
    'all',
  ];
  // They go on until somebody leaves.
  const endless = ['--exclude-path-regex', '^/api/leveret/(events/|log$)'];
  const what = ['--config-file', `${HERE}schemathesis.toml`, 'run', `${HERE}../../docs/openapi.json`];
  const args = ['-m', 'schemathesis.cli', ...what, ...options, ...times, ...more, ...endless];
  const env = { ...process.env, PYTHONPATH: HERE, SCHEMATHESIS_HOOKS: 'hooks', PYTHONDONTWRITEBYTECODE: '1' };
  // It keeps what it has found where it runs.
  const cwd = mkdtempSync(join(tmpdir(), 'leveret-openapi-'));
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { env, stdio: 'inherit', cwd });
    child.on('error', reject).on('exit', (code) => {
      rmSync(cwd, { recursive: true, force: true });
      resolve(code ?? 1);
    });
  });
}
