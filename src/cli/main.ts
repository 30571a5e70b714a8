#!/usr/bin/env node
/**
 * This folder is for the command; nothing may import it.
 *
 * Here: the command as it runs: reads the flags, starts the broker, says what runs, and ends it on SIGINT or SIGTERM;
 * SIGHUP has it read its settings anew (reload.ts).
 * What must hold: what a user did wrong is one line on standard error and exit code 1; an orderly end is exit code 0.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WantedBench } from '../bench/bench.js';
import type { Durability } from '../log/commit-log.js';
import { LogLevels } from '../logging/levels.js';
import { Logger } from '../logging/logger.js';
import { type Broker, inside } from '../node/handle.js';
import { hostText } from '../node/listeners/address.js';
import { boundText } from '../node/listeners/bound.js';
import type { ResolvedOptions } from '../node/options.js';
import type { AlarmEvent } from '../node/program-events.js';
import type { WantedCertificates } from './certificates/wanted.js';
import { LogOutput, type LogPlace } from './logging/output.js';
import { type Command, type Configured, parseOptions } from './options.js';
import { startReloadable } from './reload.js';
import { Service } from './service.js';

const read = (): Command => parseOptions(process.argv.slice(2), process.env);
const command = read();
switch (command.action) {
  case 'help':
    process.stdout.write(command.help);
    break;
  case 'config':
    process.stdout.write(command.inForce);
    break;
  case 'version':
    process.stdout.write(`leveret ${version()}\n`);
    break;
  case 'refuse':
    refuse(`${command.reason} (try --help)`);
    break;
  case 'log':
    // Loaded here, so that a broker does not wait for what it does not use.
    await (await import('./log.js')).printLog(command.directory, command.check);
    break;
  case 'ctl':
    await ctl(command.args);
    break;
  case 'cluster':
    await cluster(command.args);
    break;
  case 'perf':
    await perf(command.args);
    break;
  case 'migrate':
    await migrate(command.args);
    break;
  case 'cert':
    await makeCertificates(command.wanted);
    break;
  case 'bench':
    await bench(command.wanted);
    break;
  case 'healthcheck':
    await healthcheck(command.args);
    break;
  case 'serve':
    await serve(command);
    break;
}

async function healthcheck(args: readonly string[]): Promise<void> {
  const { isServing, line } = await (await import('./healthcheck.js')).health(args, process.env);
  process.stdout.write(`${line}\n`);
  process.exitCode = isServing ? 0 : 1;
}

async function ctl(args: readonly string[]): Promise<void> {
  const { runCtl } = await import('./ctl/ctl.js');
  const { stdin, stdout, stderr } = process;
  process.exitCode = await runCtl(args, process.env, {
    input: stdin,
    out: (text) => stdout.write(text),
    error: (text) => stderr.write(text),
  });
}

async function cluster(args: readonly string[]): Promise<void> {
  const { runCluster } = await import('./cluster/cluster.js');
  const { stdout, stderr } = process;
  process.exitCode = await runCluster(args, process.env, {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
  });
}

async function perf(args: readonly string[]): Promise<void> {
  const { runPerf } = await import('./perf/perf.js');
  const { stdout, stderr } = process;
  process.exitCode = await runPerf(args, {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    signal: interrupted(),
  });
}

async function migrate(args: readonly string[]): Promise<void> {
  const { runMigrate } = await import('./migrate/migrate.js');
  const { stdout, stderr } = process;
  process.exitCode = await runMigrate(args, {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    isTerminal: stdout.isTTY === true,
    signal: interrupted(),
  });
}

/** Who interrupts wants an end in order; who does it twice does not want to wait. */
function interrupted(): AbortSignal {
  const interrupt = new AbortController();
  const stop = (): void => {
    if (interrupt.signal.aborted) process.exit(1);
    interrupt.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return interrupt.signal;
}

async function serve(configured: Configured): Promise<void> {
  try {
    const { options, log } = configured;
    const opening = openLog(log);
    // What cannot be written to is said before anything is started.
    if (log.file !== null) await opening;
    const logger = loggerTo(opening, options);
    const service = Service.of(process.env, (line) =>
      logger.warning('broker', `the service manager hears nothing: ${line}`),
    );
    const startTold = logger.follow((entries) => entries.forEach(({ message }) => void service.progress(message)));
    const broker = await startReloadable(configured, read, logger, service);
    startTold();
    const output = await opening;
    const ended = (code: number) => () => {
      service.end();
      return exit(logger, output, code);
    };
    broker.closed.then(ended(0), ended(70));
    stopOnSignal(broker, output, service);
    for (const line of startLines(broker, options)) logger.info('broker', line);
    tellService(service, broker);
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

async function makeCertificates(wanted: WantedCertificates): Promise<void> {
  const { makeCertificates: make } = await import('./certificates/make.js');
  try {
    process.stdout.write(make(wanted));
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

async function bench(wanted: WantedBench): Promise<void> {
  const { runBench } = await import('../bench/bench.js');
  const { stdout: out, stderr: progress, argv } = process;
  try {
    await runBench(wanted, { version: version(), args: argv.slice(3), out, progress });
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

async function openLog(place: LogPlace): Promise<LogOutput> {
  try {
    return await LogOutput.open(place);
  } catch (error) {
    throw new Error(`the log cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function exit(logger: Logger, output: LogOutput, code: number): Promise<never> {
  logger.flush();
  await output.end();
  process.exit(code);
}

/** How it is: in `systemctl status`. */
function tellService(service: Service, broker: Broker): void {
  const alarms = new Set<AlarmEvent['source']>();
  const places = broker.listeners.map(boundText).join(', ');
  const status = (): string =>
    alarms.size === 0 ? `serves on ${places}` : `holds publishers back: too little ${[...alarms].join(' and ')}`;
  service.ready(status(), () => inside.silence(broker));
  broker.on('alarm', ({ source, isSet }) => {
    if (isSet) alarms.add(source);
    else alarms.delete(source);
    service.status(status());
  });
}

function stopOnSignal(broker: Broker, output: LogOutput, service: Service): void {
  let stopping = false;
  const stop = (): void => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    service.stopping();
    // What comes of it is seen by who waits for the broker's end.
    broker.stop().catch(() => {});
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Whoever rotates logs has moved the file away.
  process.on('SIGHUP', () => output.reopen());
}

function startLines(broker: Broker, options: ResolvedOptions): string[] {
  const engine = options.engine === 'wasm' ? 'wasm, the WebAssembly core' : 'js, the same in plain JavaScript';
  return [
    `leveret ${version()}, ${broker.workers} ${broker.workers === 1 ? 'worker' : 'workers'}, ${broker.placement}`,
    ...httpLines(broker),
    `engine ${engine}`,
    `${options.memory / 1024 ** 2} MiB of memory for messages and queues`,
    ...dataLines(broker, options),
  ];
}

function httpLines({ management }: Broker): string[] {
  if (management === null) return [];
  const { hosts, port, tlsPort, socket, socketTrouble, metrics } = management;
  const urls = [
    ...hosts.flatMap((host) => (port === null ? [] : [`http://${hostText(host)}:${port}/api`])),
    ...hosts.flatMap((host) => (tlsPort === null ? [] : [`https://${hostText(host)}:${tlsPort}/api`])),
  ];
  return [
    ...(urls.length === 0 ? [] : [`HTTP API on ${urls.join(' and ')}`]),
    ...(metrics === null ? [] : [`metrics on ${metrics.hosts.map((host) => urlOf(host, metrics.port)).join(' and ')}`]),
    ...(socket === null ? [] : [`'leveret ctl' finds it at ${socket}`]),
    ...(socketTrouble === null
      ? []
      : [`no socket for 'leveret ctl' (--ctl-socket FILE names another): ${socketTrouble}`]),
  ];
}

function urlOf(host: string, port: number): string {
  return `http://${hostText(host)}:${port}/metrics`;
}

function dataLines(broker: Broker, { data }: ResolvedOptions): string[] {
  if (data === null) return ['transient: nothing is kept on disk'];
  const lines = [`data in ${resolve(data.directory)}, ${data.durability}: ${meaning(data.durability)}`];
  if (broker.recovered > 0) lines.push(`${broker.recovered} messages are back from disk`);
  return lines;
}

/** What a confirm says. */
function meaning(durability: Durability): string {
  switch (durability) {
    case 'fsync':
      return 'confirmed means on disk';
    case 'os':
      return 'confirmed means handed to the system, so that it outlasts this process but no loss of power';
    case 'none':
      return 'confirmed means that it will be written';
  }
}

/** Entries of all threads, in the order in which they come; those that come before the log is open wait for it. */
function loggerTo(opening: Promise<LogOutput>, { logLevels }: ResolvedOptions): Logger {
  const levels = new LogLevels();
  levels.setAll(logLevels);
  return new Logger(levels, (entries) => {
    // What it rejects with has ended the start.
    opening.then((output) => entries.forEach((entry) => void output.write(entry))).catch(() => {});
  });
}

function refuse(reason: string): void {
  process.stderr.write(`leveret: ${reason}\n`);
  process.exitCode = 1;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
