/** `leveret migrate` as its users run it: a process, of which what it says is read as it comes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mainPath } from '../../support/broker.js';
import { brokerEnvironment } from '../../support/broker-environment.mjs';
import { afterwards } from '../../support/kept-data.js';
import { deferred, within } from '../../support/waiting.js';

const PATIENCE_MS = 120_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

export class Migrator {
  readonly #child: ChildProcess;
  readonly #ended = deferred<Ended>();
  #out = '';
  #error = '';

  constructor(flags: readonly string[]) {
    this.#child = spawn(process.execPath, [mainPath, 'migrate', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: brokerEnvironment(),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text;
    });
    this.#child.on('close', (code, signal) => {
      this.#ended.resolve({ code, signal, out: this.#out, error: this.#error });
    });
    afterwards(() => this.#child.kill('SIGKILL'));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  ended(): Promise<Ended> {
    const seen = (): string => `said: ${this.#out}${this.#error}`;
    return within(PATIENCE_MS, 'the migration to end', this.#ended.promise, seen);
  }

  /** Resolves when it has moved so many messages, or has ended. */
  async moved(count: number): Promise<void> {
    const reached = deferred<void>();
    const look = (): void => {
      const said = [...this.#out.matchAll(/"event":"progress","moved":(\d+)/g)];
      if (said.some(([, moved]) => Number(moved) >= count)) reached.resolve();
    };
    this.#child.stdout?.on('data', look);
    look();
    const any = Promise.race([reached.promise, this.#ended.promise.then(() => {})]);
    await within(PATIENCE_MS, `${count} messages to be moved`, any, () => `said: ${this.#out}${this.#error}`);
  }
}

export function runMigrate(...flags: readonly string[]): Promise<Ended> {
  return new Migrator(flags).ended();
}
