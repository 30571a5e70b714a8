/**
 * The table of brokers: each engine in a broker under the load of `leveret perf`. What must hold: every figure has a
 * broker of its own, which has run under the same load for a while; no process and no file is left.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineKind } from '../engine/engine.js';
import { steady } from '../perf/load/pacer.js';
import type { Plan } from '../perf/plan.js';
import { type Outcome, run } from '../perf/run.js';
import type { BrokerWanted, FromBroker } from './broker-process.js';
import { type BrokerRow, compare, ENGINES } from './figures.js';
import type { Progress } from './progress.js';
import { WORKLOADS, type Workload } from './workloads.js';

export interface BrokerEffort {
  readonly rounds: number;
  /** How long a load is measured in one round, and how long it goes on before that (s). */
  readonly duration: number;
  readonly warmup: number;
  /** In which durable messages are kept meanwhile. */
  readonly directory: string;
}

/** Messages a second, and CPU of the broker for one (µs). */
interface Found {
  readonly rate: number;
  readonly cpu: number;
}

export async function brokerRows(effort: BrokerEffort, progress: Progress): Promise<BrokerRow[]> {
  const { rounds } = effort;
  const found = WORKLOADS.map((): Record<EngineKind, Found>[] => []);
  progress.expect(WORKLOADS.length * rounds * ENGINES.length);
  for (let round = 0; round < rounds; round++) {
    for (const [index, workload] of WORKLOADS.entries()) {
      const order = round % 2 === 0 ? ENGINES : ENGINES.toReversed();
      const both: Partial<Record<EngineKind, Found>> = {};
      for (const engine of order) {
        progress.step(`round ${round + 1} of ${rounds}, ${engine}: broker, ${workload.title}`);
        both[engine] = await measured(engine, workload, effort);
      }
      const { wasm, js } = both;
      if (wasm !== undefined && js !== undefined) found[index]?.push({ wasm, js });
    }
  }
  return WORKLOADS.map(({ title }, index) => {
    const of = (kind: keyof Found) => (found[index] ?? []).map(({ wasm, js }) => ({ wasm: wasm[kind], js: js[kind] }));
    return { what: title, rate: compare(of('rate')), cpu: compare(of('cpu')) };
  });
}

async function measured(engine: EngineKind, workload: Workload, effort: BrokerEffort): Promise<Found> {
  const directory = workload.isDurable ? mkdtempSync(join(effort.directory, 'leveret-bench-')) : null;
  const path = fileURLToPath(new URL('../bench/broker-process.js', import.meta.url));
  const child = fork(path, [JSON.stringify({ engine, directory } satisfies BrokerWanted)]);
  const exited = once(child, 'exit');
  try {
    const { port } = await told(child, 'listening');
    const load = (duration: number): Promise<Outcome> => played(planOf(workload, port, duration));
    await load(effort.warmup);
    const before = await cpuOf(child);
    const { counted, seconds } = await load(effort.duration);
    const cpu = (await cpuOf(child)) - before;
    if (counted.consumed === 0) throw new Error(`no message came through the broker on ${engine}: ${workload.title}`);
    return { rate: counted.consumed / seconds, cpu: cpu / counted.consumed };
  } finally {
    child.kill('SIGKILL');
    await exited;
    if (directory !== null) rmSync(directory, { recursive: true });
  }
}

async function played(plan: Plan): Promise<Outcome> {
  const outcome = await run(plan, { onSample: () => {} }, new AbortController().signal);
  if (outcome.failure !== null) throw new Error(outcome.failure);
  return outcome;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  return (await told(child, 'cpu')).microseconds;
}

/** The next message of a broker, which must be of this kind. */
async function told<K extends FromBroker['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromBroker, { kind: K }>> {
  const message = await Promise.race([
    once(child, 'message').then(([one]): FromBroker => one),
    once(child, 'exit').then((): FromBroker => ({ kind: 'failed', reason: 'the broker has ended' })),
  ]);
  if (message.kind === 'failed') throw new Error(message.reason);
  if (message.kind !== kind) throw new Error(`the broker told '${message.kind}', not '${kind}'`);
  return message as Extract<FromBroker, { kind: K }>;
}

function planOf(
  { clients, size, prefetch, confirms, isDurable, inFlightMax }: Workload,
  port: number,
  duration: number,
) {
  const name = 'leveret-bench';
  return {
    endpoints: [{ host: '127.0.0.1', port, isTls: false, user: 'guest', password: 'guest', vhost: '/' }],
    tls: { authority: null, certificate: null, key: null, isVerified: true },
    heartbeat: 0,
    threads: 1,
    name,
    exchange: { name: '', type: 'direct' },
    queues: [{ name, bindingKey: name }],
    isQueueOwn: true,
    queueArguments: {},
    isQueueAutoDelete: false,
    isPredeclared: false,
    isKept: false,
    producers: clients,
    routingKey: null,
    messages: { sizes: steady(size), isPersistent: isDurable, isMandatory: false, properties: {} },
    producerRates: null,
    producerMessages: null,
    confirms,
    consumers: clients,
    consumerRate: null,
    consumerMessages: null,
    prefetch,
    isAutoAck: false,
    ackEvery: 1,
    consumerArguments: {},
    inFlightMax,
    clock: 'monotonic',
    duration,
    warmup: 0,
    interval: duration,
  } satisfies Plan;
}
