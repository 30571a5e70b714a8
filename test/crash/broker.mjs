/**
 * The broker as a process that can be killed at any moment. What must hold: it is gone when its end is reported.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { brokerEnvironment, WITHOUT_HTTP } from '../support/broker-environment.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 30_000;

export class Broker {
  output = '';
  /** @type {Promise<number>} */
  listening;
  #ended;

  /** @param {readonly string[]} flags */
  constructor(flags) {
    this.child = spawn(process.execPath, [MAIN, '--port', '0', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...brokerEnvironment(), ...WITHOUT_HTTP },
    });
    this.#ended = once(this.child, 'close');
    this.listening = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the broker does not listen: ${this.output}`)), START_MS);
      timer.unref();
      const take = (/** @type {string} */ text) => {
        this.output += text;
        const port = /listening on amqp:\/\/[^\s]+:(\d+)/.exec(this.output)?.[1];
        if (port !== undefined) resolve(Number(port));
      };
      this.child.stdout.setEncoding('utf8').on('data', take);
      this.child.stderr.setEncoding('utf8').on('data', take);
      this.child.on('close', (code) => reject(new Error(`the broker ended with ${code}: ${this.output}`)));
    });
    // Whoever waits for it learns why.
    this.listening.catch(() => {});
  }

  get alive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  /** An orderly end. */
  async stop() {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    const [code, signal] = await this.#ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the broker ended with ${code ?? signal}: ${this.output}`);
  }
}
