/**
 * The broker under test, as its users run it: a child process on a port of its own. `LEVERET_TEST_URL` names a broker
 * that runs already (RabbitMQ, as the referee of these tests); `LEVERET_ENGINE` chooses the engine of those that are
 * started. What must hold: a broker that was started is gone when its file's tests are over, whatever happened in them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { NetConnectOpts } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { brokerEnvironment, WITHOUT_HTTP } from './broker-environment.mjs';
import { deferred, PATIENCE_MS, within } from './waiting.js';

const external = process.env.LEVERET_TEST_URL;

/**
 * True when another broker is the referee: tests on what only Leveret does, or on the process itself, do not apply to
 * it.
 */
export const isReferee = external !== undefined;

/** Where the built broker starts. */
export const mainPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface BrokerOptions {
  readonly workers?: number;
  readonly memory?: string;
  /** Where it keeps what outlasts it; nothing does, if none is given. */
  readonly data?: string;
  /** More flags. */
  readonly flags?: readonly string[];
  /** Flags of Node itself. */
  readonly node?: readonly string[];
  /** How long it may take to start (ms). */
  readonly patience?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The texts of the log, a line each. */
  readonly log: string;
  /** Warnings and errors of the log, a line each, but for what clients do wrong. */
  readonly told: string;
}

/** One running broker. */
export class Broker {
  readonly #child: ChildProcess | null;
  readonly #exit: Promise<Exit>;
  /** What it has written to its log. */
  #log = '';
  /** What came on standard error. */
  #errors = '';

  constructor(
    readonly url: string,
    child: ChildProcess | null,
    exit: Promise<Exit>,
    log = '',
  ) {
    this.#child = child;
    this.#exit = exit;
    this.#log = log;
    child?.stdout?.on('data', (text: string) => {
      this.#log += text;
    });
    child?.stderr?.on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** Where its clients connect to. */
  get address(): NetConnectOpts {
    const { protocol, pathname } = new URL(this.url);
    return protocol === 'unix:' ? { path: pathname } : { host: this.host, port: this.port };
  }

  get host(): string {
    return new URL(this.url).hostname.replace(/^\[|\]$/g, '');
  }

  get port(): number {
    return Number(new URL(this.url).port || 5672);
  }

  /** The process's number; 0: it was not started here. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resident memory of the process (bytes), as Linux counts it. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Whether the process runs; a broker that was not started here is taken to. */
  get alive(): boolean {
    return this.#child === null || (this.#child.exitCode === null && this.#child.signalCode === null);
  }

  /** What it has logged until now. */
  get entries(): LogLine[] {
    return logEntries(this.#log);
  }

  /** Resolves when the broker has told its operator this, with the line. */
  async told(pattern: RegExp): Promise<string> {
    const line = deferred<string>();
    const look = (): void => {
      const texts = logEntries(this.#log).map(({ msg }) => msg);
      const found = [...texts, ...this.#errors.split('\n')].find((text) => pattern.test(text));
      if (found !== undefined) line.resolve(found);
    };
    const streams = [this.#child?.stdout, this.#child?.stderr];
    for (const stream of streams) stream?.on('data', look);
    look();
    try {
      return await within(PATIENCE_MS, `the line ${pattern}`, line.promise, () => `told: ${this.#log}`);
    } finally {
      for (const stream of streams) stream?.off('data', look);
    }
  }

  /** Sends a signal, and does not wait for what comes of it. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** What the process ends with. */
  ended(patience = PATIENCE_MS): Promise<Exit> {
    return within(patience, 'the broker to end', this.#exit);
  }

  /** Asks the process to end, and waits for it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit | null> {
    if (this.#child === null) return null;
    this.#child.kill(signal);
    try {
      return await this.ended();
    } finally {
      if (this.alive) this.#child.kill('SIGKILL');
    }
  }
}

/** Runs the command with these flags until it ends. */
export function runToExit(flags: readonly string[]): Promise<Exit> {
  const run = launch([], flags);
  return within(PATIENCE_MS, `the command with ${flags.join(' ')} to end`, run.exit).finally(() =>
    run.child.kill('SIGKILL'),
  );
}

/** Starts a broker, or hands over the referee. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  if (external !== undefined) {
    return new Broker(external, null, Promise.resolve({ code: null, stdout: '', stderr: '', log: '', told: '' }));
  }
  const { LEVERET_TRANSPORT: transport } = process.env;
  if (transport === 'stream' || transport === 'websocket') return startOverStreams(transport, options);
  const run = launch(options.node ?? [], [
    ...(options.flags?.includes('--listen') ? [] : ['--port', '0']),
    ...['--engine', process.env.LEVERET_ENGINE ?? 'wasm'],
    ...['--workers', String(options.workers ?? 2), '--memory', options.memory ?? '512M'],
    ...(options.data === undefined ? ['--transient'] : ['--data', options.data]),
    ...(options.flags ?? []),
  ]);
  try {
    const url = await within(options.patience ?? PATIENCE_MS, 'the broker to listen', run.listening);
    return new Broker(url, run.child, run.exit, run.log());
  } catch (error) {
    run.child.kill('SIGKILL');
    throw error;
  }
}

/** One whose clients come in over streams, or by WebSocket. What is special about it besides is not for these stories. */
async function startOverStreams(
  transport: 'stream' | 'websocket',
  { memory = '512M', data, flags }: BrokerOptions,
): Promise<Broker> {
  if (data !== undefined || flags !== undefined)
    throw new Error('a broker over streams keeps nothing, and has no flags');
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
  console.info(`pieces of the seed LEVERET_SEED=${seed}`);
  const kind = process.env.LEVERET_ENGINE === 'js' ? 'js' : 'wasm';
  const octets = Number.parseInt(memory, 10) * 1024 ** 2;
  const { port, stop } = await (transport === 'stream'
    ? (await import('./stream-broker.js')).startStreamBroker(kind, octets, seed)
    : (await import('./websocket-broker.js')).startWebSocketBroker(octets, seed));
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const exit = deferred<Exit>();
  const broker = new Broker(url, null, exit.promise);
  broker.stop = async () => {
    await stop();
    return null;
  };
  return broker;
}

/** Starts a broker before a file's tests and stops it after them. */
export function useBroker(options: BrokerOptions = {}): () => Broker {
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = await startBroker(options);
  });
  afterAll(async () => {
    await broker?.stop();
  });
  return () => {
    if (broker === undefined) throw new Error('the broker runs only while tests do');
    return broker;
  };
}

/** An entry of the log, as it is written where nobody reads it at a terminal. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly area: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What whole lines of a log hold; what is none of its lines is left out. */
export function logEntries(log: string): LogLine[] {
  const lines = log.slice(0, log.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}

/** What clients do wrong is theirs. */
const OF_CLIENTS = ['connection', 'channel', 'login', 'access'];

function toldIn(log: string): string {
  const isTold = ({ level, area }: LogLine): boolean =>
    (level === 'warning' || level === 'error') && !OF_CLIENTS.includes(area);
  return linesOf(logEntries(log).filter(isTold));
}

function linesOf(entries: readonly LogLine[]): string {
  return entries.map(({ msg }) => `${msg}\n`).join('');
}

interface Run {
  readonly child: ChildProcess;
  readonly listening: Promise<string>;
  readonly exit: Promise<Exit>;
  /** What it has written to its log. */
  log(): string;
}

function launch(node: readonly string[], flags: readonly string[]): Run {
  const child = spawn(process.execPath, [...node, mainPath, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...brokerEnvironment(), ...WITHOUT_HTTP },
  });
  const listening = deferred<string>();
  const exit = deferred<Exit>();
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const port = /listening on amqp:\/\/[^\s]+:(\d+)/.exec(stdout)?.[1];
    if (port !== undefined) listening.resolve(`amqp://guest:guest@127.0.0.1:${port}`);
  });
  child.on('close', (code) => {
    listening.reject(new Error(`the broker ended with code ${code}: ${stderr || stdout}`));
    exit.resolve({ code, stdout, stderr, log: linesOf(logEntries(stdout)), told: toldIn(stdout) });
  });
  return { child, listening: listening.promise, exit: exit.promise, log: () => stdout };
}
