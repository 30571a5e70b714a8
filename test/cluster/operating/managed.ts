/**
 * A broker in this process with the HTTP API, which serves for a node of a cluster that a test says all of: what a test
 * sees is what operators would.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { LogLevels } from '../../../dist/logging/levels.js';
import { Logger } from '../../../dist/logging/logger.js';
import { openBroker, type RunningBroker } from '../../../dist/node/broker.js';
import type { ClusterMember, ClusterReport } from '../../../dist/node/cluster/cluster-member.js';
import { resolveOptions } from '../../../dist/node/options.js';
import { ProgramEvents } from '../../../dist/node/program-events.js';
import { CpuClaims } from '../../../dist/platform/cpus/cpu-claims.js';

type View = ClusterReport['members'][number];

export function node(name: string, over: Partial<View> = {}): View {
  const told = { name, version: '0.1.0', address: `${name}.example:5680`, epoch: 7, read: 120, trouble: null };
  return { ...told, state: 'standby', applied: 118, seenAgo: 400, lag: 2, lagMs: 12, ...over };
}

/** A leads, B and C follow, all is well. */
export function report(over: Partial<ClusterReport> = {}): ClusterReport {
  return {
    name: 'a',
    role: { kind: 'leader', epoch: 7, serves: true },
    epoch: 7,
    leader: 'a',
    hold: 'serve',
    read: 120,
    applied: 120,
    waiting: 0,
    members: [node('a', { state: 'leader', applied: 120, lag: 0, lagMs: 0 }), node('b'), node('c', { applied: 100 })],
    stream: {
      state: 'connected',
      first: 3,
      last: 120,
      octets: 4096,
      leader: 'n1',
      replicas: [
        { server: 'n1', isCurrent: true },
        { server: 'n2', isCurrent: true },
        { server: 'n3', isCurrent: false },
      ],
    },
    weaknesses: [],
    trouble: null,
    counts: { appends: 40, records: 90, octets: 12_345, strays: 1, takeOvers: 2, takeOverMs: 1432.4 },
    ...over,
  };
}

export class FakeMember implements ClusterMember {
  report: ClusterReport = report();
  /** Whether what it is asked to do can be done. */
  does = true;
  readonly asked: string[] = [];

  async status(): Promise<ClusterReport> {
    return this.report;
  }

  async stepDown(to: string | null): Promise<boolean> {
    this.asked.push(`step down to ${to}`);
    return this.does;
  }

  async remove(name: string): Promise<boolean> {
    this.asked.push(`remove ${name}`);
    return this.does;
  }
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects there.
  readonly json: any;
}

/** As the operator, by the control socket; `login`: as this user of the broker. */
export function ask(
  socket: string,
  method: string,
  path: string,
  { body, login }: { readonly body?: object; readonly login?: string } = {},
): Promise<Answered> {
  const authorization = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, headers: authorization }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, text, json: text.startsWith('{') ? JSON.parse(text) : null });
      });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A path for a socket, for as long as the test goes on. */
export function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-cluster-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'ctl.sock');
}

/** As the broker's own thread starts them. */
function thread(file: string) {
  const { port1, port2 } = new MessageChannel();
  const url = new URL(`../../../dist/${file}`, import.meta.url);
  return { thread: new Worker(url, { workerData: port2, transferList: [port2] }), setup: port1 };
}

/** Where its API is asked. */
export async function managed(member: ClusterMember | null): Promise<string> {
  const path = socketPath();
  const options = resolveOptions({
    workers: 1,
    host: '127.0.0.1',
    port: 0,
    memory: 256 << 20,
    data: null,
    management: { port: null, socket: { path, isNeeded: true } },
  });
  const around = {
    cpus: new CpuClaims(),
    events: new ProgramEvents(() => undefined),
    logger: new Logger(new LogLevels(), () => undefined),
    member,
  };
  const threads = {
    workers: [thread('worker/worker-thread.js')],
    management: thread('management/management-thread.js'),
  };
  const running: RunningBroker = await openBroker(options, null, threads, around);
  onTestFinished(() => running.close());
  return path;
}
