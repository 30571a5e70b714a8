/**
 * Three NATS servers that are one cluster, as processes of their own on free ports, in a folder that goes with them.
 * They can be killed, stopped, and started again where they were. `install-nats.mjs` brings the binary.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../bench/support/ports.mjs';
import { natsServer } from './install-nats.mjs';

export const USER = { user: 'leveret', password: 'hare' };
export const SYSTEM = { user: 'system', password: 'form' };

export interface Ports {
  readonly client: number;
  readonly cluster: number;
  readonly monitor: number;
}

export interface ServersOptions {
  /** How many; a cluster where there are several. */
  readonly count?: number;
  readonly sync?: 'always' | '2m';
  /** Lines of configuration for each server. */
  readonly more?: string;
  /** The configuration of each server, instead of ours. `folder`: for what it keeps. */
  readonly configure?: (index: number, ports: readonly Ports[], folder: string) => string;
}

/** So long a cluster may take to be ready (ms). */
const START_TIMEOUT = 60_000;

export class NatsServers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'leveret-nats-'));
  readonly #processes: (ChildProcess | null)[] = [];

  private constructor(
    private readonly ports: readonly Ports[],
    private readonly options: ServersOptions,
  ) {}

  static async start(options: ServersOptions = {}): Promise<NatsServers> {
    const count = options.count ?? 3;
    const free = await Promise.all(Array.from({ length: 3 * count }, freePort));
    const ports = Array.from({ length: count }, (_, index): Ports => {
      const [client = 0, cluster = 0, monitor = 0] = free.slice(3 * index);
      return { client, cluster, monitor };
    });
    const servers = new NatsServers(ports, options);
    for (let index = 0; index < count; index++) servers.startOne(index);
    await servers.ready();
    return servers;
  }

  /** HOST:PORT of each. */
  get addresses(): string[] {
    return this.ports.map(({ client }) => `127.0.0.1:${client}`);
  }
  get monitors(): string[] {
    return this.ports.map(({ monitor }) => `http://127.0.0.1:${monitor}`);
  }
  nameOf(index: number): string {
    return `n${index + 1}`;
  }
  indexOf(name: string): number {
    return Number(name.slice(1)) - 1;
  }

  /** Starts a server, where it was before if it was. */
  startOne(index: number): void {
    const name = this.nameOf(index);
    const file = join(this.#folder, `${name}.conf`);
    writeFileSync(file, this.#configuration(index));
    const log = openSync(this.#logOf(index), 'a');
    this.#processes[index] = spawn(natsServer(), ['-c', file], { stdio: ['ignore', log, log] });
  }

  #logOf(index: number): string {
    return join(this.#folder, `${this.nameOf(index)}.txt`);
  }

  #configuration(index: number): string {
    const { sync = 'always', more = '', configure } = this.options;
    if (configure !== undefined) return configure(index, this.ports, join(this.#folder, this.nameOf(index)));
    const { client, cluster, monitor } = this.ports[index] ?? { client: 0, cluster: 0, monitor: 0 };
    const routes = this.ports.map((ports) => `nats://127.0.0.1:${ports.cluster}`).join(', ');
    const clusters =
      this.ports.length > 1 ? `cluster { name: c, listen: "127.0.0.1:${cluster}", routes: [${routes}] }` : '';
    const syncs = sync === '2m' ? '' : `, sync_interval: ${sync}`;
    return `
      server_name: ${this.nameOf(index)}
      listen: "127.0.0.1:${client}"
      http: "127.0.0.1:${monitor}"
      jetstream { store_dir: "${join(this.#folder, this.nameOf(index))}", max_file_store: 64GB${syncs} }
      ${clusters}
      accounts {
        SYS { users: [{ user: ${SYSTEM.user}, password: ${SYSTEM.password} }] }
        APP {
          jetstream: enabled
          users: [
            { user: ${USER.user}, password: ${USER.password} }
            { user: guest, password: guest, permissions: { publish: ["nothing"], subscribe: ["_INBOX.>"] } }
          ]
        }
      }
      system_account: SYS
      ${more}
    `;
  }

  /** Resolves when all that run answer, and whoever leads them knows that they are there: it places streams. */
  async ready(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    const running = this.ports.map((_, index) => index).filter((index) => this.#processes[index] !== null);
    const monitors = running.map((index) => this.monitors[index] ?? '');
    for (;;) {
      const healthy = await Promise.all(monitors.map(isHealthy));
      const waited = running.filter((_, at) => !healthy[at]);
      if (waited.length === 0 && (running.length === 1 || (await sees(monitors, running.length - 1)))) return;
      if (Date.now() > deadline) {
        const logs = running.map((index) => `${this.nameOf(index)}:\n${readFileSync(this.#logOf(index), 'utf8')}`);
        throw new Error(`the servers are not ready:\n${logs.map((log) => log.slice(-2000)).join('\n')}`);
      }
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  /** kill -9. Resolves when it is gone. */
  async kill(index: number): Promise<void> {
    const child = this.#processes[index];
    this.#processes[index] = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP and SIGCONT. */
  freeze(index: number): void {
    this.#processes[index]?.kill('SIGSTOP');
  }
  thaw(index: number): void {
    this.#processes[index]?.kill('SIGCONT');
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((_, index) => this.kill(index)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function isHealthy(monitor: string): Promise<boolean> {
  try {
    return (await fetch(`${monitor}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

interface MetaReplica {
  readonly current: boolean;
  readonly offline?: boolean;
}

/** Whether the server that leads the others has so many at hand, with all that it has. Others do not say. */
async function sees(monitors: readonly string[], others: number): Promise<boolean> {
  const told = await Promise.all(monitors.map(replicasOf));
  return told.some((replicas) => replicas.filter(({ current, offline }) => current && !offline).length >= others);
}

async function replicasOf(monitor: string): Promise<readonly MetaReplica[]> {
  try {
    const answer = await fetch(`${monitor}/jsz`, { signal: AbortSignal.timeout(2000) });
    const { meta_cluster: meta } = (await answer.json()) as { meta_cluster?: { replicas?: MetaReplica[] } };
    return meta?.replicas ?? [];
  } catch {
    return [];
  }
}
