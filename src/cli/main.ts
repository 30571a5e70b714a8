#!/usr/bin/env node
/**
 * The command: reads the flags, starts the broker, says what runs, and ends it on SIGINT or SIGTERM. What must hold:
 * what a user did wrong is one line on standard error and exit code 1; an orderly end is exit code 0.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Durability } from '../log/commit-log.js';
import type { Broker } from '../node/broker.js';
import { hostText } from '../node/listeners/address.js';
import type { BoundAddress } from '../node/listeners/listeners.js';
import { startThreads } from '../node/worker-threads.js';
import { HELP, parseOptions, type ServeOptions } from './options.js';
import { sourceStack } from './source-stack.js';

const command = parseOptions(process.argv.slice(2));
switch (command.action) {
  case 'help':
    process.stdout.write(HELP);
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
  case 'serve':
    await serve(command.options);
    break;
}

async function serve(options: ServeOptions): Promise<void> {
  try {
    // They take longest: what else is needed is loaded meanwhile.
    const threads = startThreads(options.workers);
    const { startBroker } = await import('../node/broker.js');
    const broker = await startBroker({ ...options, threads, onFatal: endWithReport });
    stopOnSignal(broker);
    process.stdout.write(startLines(broker, options).join('\n').concat('\n'));
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

function stopOnSignal(broker: Broker): void {
  let stopping = false;
  const stop = (): void => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    broker.close().then(
      () => process.exit(0),
      (error: unknown) => endWithReport(error instanceof Error ? error : new Error(String(error))),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function startLines(broker: Broker, options: ServeOptions): string[] {
  const [first = '', ...others] = broker.listeners.map((bound) => `listening on ${boundText(bound)}`);
  const engine = options.engine === 'wasm' ? 'wasm, the WebAssembly core' : 'js, the same in plain JavaScript';
  return [
    `leveret ${version()} ${first}`,
    ...others,
    `${broker.workers} ${broker.workers === 1 ? 'worker' : 'workers'}, ${broker.placement}`,
    `engine ${engine}`,
    `${options.memory / 1024 ** 2} MiB of memory for messages and queues`,
    ...dataLines(broker, options),
  ];
}

/** Where clients find a listener. */
function boundText(bound: BoundAddress): string {
  if (bound.kind === 'unix') return `unix://${bound.path}`;
  return bound.hosts.map((host) => `amqp://${hostText(host)}:${bound.port}`).join(' and ');
}

function dataLines(broker: Broker, { data }: ServeOptions): string[] {
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

/** A defect of the broker: what is in shared memory is not to be trusted any more, so the process ends. */
function endWithReport(error: Error): void {
  process.stderr.write(`leveret: a defect ended the broker: ${sourceStack(error.stack ?? error.message)}\n`);
  process.exit(70);
}

function refuse(reason: string): void {
  process.stderr.write(`leveret: ${reason}\n`);
  process.exitCode = 1;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
