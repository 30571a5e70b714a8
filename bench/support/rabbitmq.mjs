/**
 * Debian's RabbitMQ as a process under measurement: a node of its own, with its data in a folder of the caller's, on a
 * free port. What must hold: nothing of an installed node is read or written, and none outlives this process.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, speaksAmqp } from './ports.mjs';
import { launch } from './processes.mjs';

const BIN = '/usr/lib/rabbitmq/bin';
const START_MS = 60_000;
const CONNECT_PAUSE_MS = 200;

/** @returns {string | null} its version; null when it is not installed */
export function rabbitmqVersion() {
  if (!existsSync(join(BIN, 'rabbitmq-server'))) return null;
  return execFileSync(join(BIN, 'rabbitmqctl'), ['version'], { encoding: 'utf8' }).trim();
}

/**
 * @param {string} folder
 * @param {string} [settings] the lines of its rabbitmq.conf
 * @param {readonly string[]} [plugins]
 * @param {number} [at] the port of the one before, if it comes back
 * @returns {Promise<import('./processes.mjs').Server & { kill: () => Promise<void> }>} once it speaks AMQP
 */
export async function startRabbitmq(folder, settings = '', plugins = [], at) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'rabbitmq');
  writeFileSync(`${config}.conf`, settings);
  const enabled = join(folder, 'enabled_plugins');
  writeFileSync(enabled, `[${plugins.join(',')}].\n`);
  const [port, distributionPort] = [at ?? (await freePort()), await freePort()];
  const env = {
    HOME: folder,
    RABBITMQ_NODENAME: `bench-${process.pid}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: enabled,
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    // Then its script becomes the node, and the process is the one whose CPU time is asked for.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
  const child = launch(join(BIN, 'rabbitmq-server'), [], { env, group: true });
  // Nobody reads its banner, which must not fill the pipe.
  child.process.stdout.resume();
  const deadline = performance.now() + START_MS;
  while (!(await speaksAmqp(port))) {
    if (child.process.exitCode !== null) throw new Error('RabbitMQ ended before it spoke AMQP');
    if (performance.now() > deadline) throw new Error('RabbitMQ does not speak AMQP');
    await pause(CONNECT_PAUSE_MS);
  }
  return { pid: child.pid, port, stop: child.stop, kill: child.kill };
}

/**
 * A node that listens by TLS 1.3 too.
 * @param {string} folder
 * @param {import('./certificates.mjs').Certificates} certificates
 * @returns {Promise<import('./processes.mjs').TlsServer>}
 */
export async function startTlsRabbitmq(folder, { authority, certificate, key }) {
  const tlsPort = await freePort();
  const settings = [
    `listeners.ssl.default = 127.0.0.1:${tlsPort}`,
    'ssl_options.versions.1 = tlsv1.3',
    `ssl_options.cacertfile = ${authority}`,
    `ssl_options.certfile = ${certificate}`,
    `ssl_options.keyfile = ${key}`,
    'ssl_options.verify = verify_none',
  ];
  const server = await startRabbitmq(folder, `${settings.join('\n')}\n`);
  return { ...server, tlsPort };
}
