/** A program that embeds a broker, in a process of its own: what it writes comes line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Broker } from './broker.js';
import { deferred, PATIENCE_MS, within } from './waiting.js';

export class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended = deferred<number | null>();
  #told = '';

  /** Runs a file of this folder, with flags for Node. */
  constructor(name: string, args: readonly string[] = [], node: readonly string[] = []) {
    const path = fileURLToPath(new URL(name, import.meta.url));
    const child = spawn(process.execPath, [...node, path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#told += text;
    });
    child.on('close', (code) => this.#ended.resolve(code));
  }

  /** What it has written to standard error. */
  get told(): string {
    return this.#told;
  }

  async line(what: string): Promise<string> {
    const next = await within(PATIENCE_MS, what, this.#lines.next(), () => `told: ${this.#told}`);
    if (next.done) throw new Error(`the program has ended before ${what}: ${this.#told}`);
    return next.value;
  }

  /** The broker whose port it writes next. */
  async broker(): Promise<Broker> {
    const port = await this.line('the port');
    return new Broker(`amqp://guest:guest@127.0.0.1:${port}`, null, deferred<never>().promise);
  }

  /** Sockets that it has open, as Linux tells. */
  get sockets(): number {
    const folder = `/proc/${this.#child.pid}/fd`;
    return readdirSync(folder).filter((fd) => isSocket(join(folder, fd))).length;
  }

  send(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Resolves with its exit code. */
  ended(): Promise<number | null> {
    return within(PATIENCE_MS, 'the program to end', this.#ended.promise, () => `told: ${this.#told}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // It was closed meanwhile.
    return false;
  }
}
