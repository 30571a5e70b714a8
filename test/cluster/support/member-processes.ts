/** Nodes of a cluster as processes of their own over real servers: started, killed, frozen, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Broker } from '../../support/broker.js';
import { deferred, Inbox } from '../../support/waiting.js';
import { type NatsServers, SYSTEM, USER } from './nats-servers.js';

const PROGRAM = fileURLToPath(new URL('member-process.mjs', import.meta.url));

export interface Leader {
  readonly name: string;
  readonly port: number;
}

interface Said {
  readonly kind: 'follows' | 'line' | 'running' | 'role';
  readonly port?: number | null;
  readonly role?: string;
  readonly message?: string;
}

export class MemberProcesses {
  readonly #folder = mkdtempSync(join(tmpdir(), 'leveret-members-'));
  readonly #processes = new Map<string, ChildProcess>();
  /** Each that begins to serve, in order. */
  readonly leaders = new Inbox<Leader>();
  /** Who began to serve last. */
  serving: Leader | null = null;
  /** Names of those that have been told to follow well, in order. */
  readonly standbys = new Inbox<string>();

  constructor(private readonly servers: NatsServers) {}

  /** Resolves when it follows. */
  async start(name: string): Promise<void> {
    const { addresses } = this.servers;
    const nats = { servers: addresses, login: USER, system: SYSTEM, stream: 'LOG', node: name, octetsMax: 256 << 20 };
    const told = JSON.stringify({ nats, directory: join(this.#folder, name) });
    const child = spawn(process.execPath, [PROGRAM, told], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#processes.set(name, child);
    const follows = deferred<void>();
    child.once('exit', () => follows.reject(new Error(`${name} has ended`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { kind, port, role, message } = JSON.parse(line) as Said;
      if (kind === 'follows') follows.resolve();
      else if (kind === 'line') process.stdout.write(`${name}: ${message}\n`);
      else if (kind === 'role' && role === 'standby') this.standbys.push(name);
      else if (kind === 'running' && port != null) {
        this.serving = { name, port };
        this.leaders.push(this.serving);
      }
    });
    await follows.promise;
  }

  /** SIGSTOP and SIGCONT. */
  freeze(name: string): void {
    this.#processes.get(name)?.kill('SIGSTOP');
  }
  thaw(name: string): void {
    this.#processes.get(name)?.kill('SIGCONT');
  }

  /** Resolves with how it has ended, when it is gone; kill -9 unless it is asked in order. */
  async end(name: string, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<number | null> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = once(child, 'exit');
    child.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.end(name)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function brokerOf({ port }: Leader): Broker {
  return new Broker(`amqp://127.0.0.1:${port}`, null, new Promise(() => undefined));
}
