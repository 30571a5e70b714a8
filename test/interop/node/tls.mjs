/**
 * Node's clients, and openssl's, by TLS: `node tls.mjs CLIENT` tries the connections of a file, one a line, and says of
 * each whether a message went there and back; of openssl, which speaks no AMQP, whether the broker answered.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { AMQPClient } from '@cloudamqp/amqp-client';
import { connect as connectAmqplib, credentials } from 'amqplib';
import { Connection } from 'rabbitmq-client';

const BODY = 'by TLS';
const PATIENCE_MS = 10_000;

/**
 * @typedef {object} Try
 * @property {string} version
 * @property {string} port
 * @property {string} authority
 * @property {string | null} certificate
 * @property {string | null} key
 * @property {string} mechanism of SASL
 */

/** What TLS needs, as Node has it. @param {Try} one */
function secureOptions({ version, authority, certificate, key }) {
  const only = /** @type {'TLSv1.2' | 'TLSv1.3'} */ (`TLSv${version}`);
  const shown = certificate === null || key === null ? {} : { cert: readFileSync(certificate), key: readFileSync(key) };
  return { ca: [readFileSync(authority)], minVersion: only, maxVersion: only, servername: 'localhost', ...shown };
}

/** @param {Try} one */
function url({ port }) {
  return `amqps://guest:guest@localhost:${port}`;
}

/** @param {unknown} body */
function check(body) {
  if (String(body) !== BODY) throw new Error(`another body: ${body}`);
}

/** @type {Record<string, (one: Try) => Promise<void>>} */
const CLIENTS = {
  amqplib: async (one) => {
    const named = one.mechanism === 'EXTERNAL' ? { credentials: credentials.external() } : {};
    const connection = await connectAmqplib(url(one), { ...secureOptions(one), ...named });
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from(BODY));
    await channel.waitForConfirms();
    const message = await channel.get(queue, { noAck: true });
    check(message === false ? null : message.content);
    await connection.close();
  },

  'rabbitmq-client': async (one) => {
    const connection = new Connection({ url: url(one), tls: secureOptions(one) });
    try {
      /** @type {Promise<never>} It tries again and again. */
      const failed = new Promise((_, reject) => connection.once('error', reject));
      await Promise.race([connection.onConnect(PATIENCE_MS), failed]);
      const { queue } = await connection.queueDeclare({ exclusive: true });
      const publisher = connection.createPublisher({ confirm: true });
      await publisher.send(queue, BODY);
      check((await connection.basicGet({ queue, noAck: true }))?.body);
      await publisher.close();
    } finally {
      connection.on('error', () => {});
      await connection.close();
    }
  },

  'amqp-client.js': async (one) => {
    const { ca, ...others } = secureOptions(one);
    const client = new AMQPClient(url(one), { ...others, ca: String(ca[0]) });
    const connection = await client.connect();
    const channel = await connection.channel();
    const { name } = await channel.queueDeclare('', { exclusive: true });
    await channel.confirmSelect();
    await channel.basicPublish('', name, BODY);
    check((await channel.basicGet(name, { noAck: true }))?.bodyString());
    await connection.close();
  },

  openssl: async ({ version, port, authority, certificate, key }) => {
    const shown = certificate === null || key === null ? [] : ['-cert', certificate, '-key', key];
    const trusts = ['-CAfile', authority, '-verify_return_error', '-verify_hostname', 'localhost'];
    const how = [`-tls${version.replace('.', '_')}`, '-quiet', '-connect', `localhost:${port}`];
    const child = spawn('openssl', ['s_client', ...how, ...trusts, ...shown], { stdio: ['pipe', 'pipe', 'ignore'] });
    const deadline = setTimeout(() => child.kill(), PATIENCE_MS);
    child.stdin.on('error', () => {});
    child.stdin.write('AMQP\0\0\x09\x01', 'latin1');
    let answer = '';
    child.stdout.setEncoding('latin1').on('data', (text) => {
      answer += text;
      // It goes on for as long as the broker does.
      if (answer.includes('PLAIN')) child.kill();
    });
    await once(child, 'close');
    clearTimeout(deadline);
    if (!answer.includes('PLAIN')) throw new Error('no answer');
  },
};

const client = CLIENTS[process.argv[2] ?? ''];
if (client === undefined) throw new Error(`node tls.mjs ${Object.keys(CLIENTS).join(' | ')}`);
for (const line of readFileSync(process.env.TLS_TRIES ?? '', 'utf8')
  .trimEnd()
  .split('\n')) {
  const [version = '', port = '', authority = '', ...shown] = line.split('\t');
  const [certificate = null, key = null] = shown.map((path) => (path === '-' ? null : path));
  const mechanism = shown[2] ?? '';
  try {
    await client({ version, port, authority, certificate, key, mechanism });
    process.stdout.write('passed\n');
  } catch (reason) {
    process.stdout.write(`refused ${reason}\n`);
  }
}
process.exit(0);
