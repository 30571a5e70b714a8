/** `leveret perf` as its users run it, in a process of its own. What must hold: it is gone when the test is over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { Report } from '../../../src/perf/report/report.js';
import { type Broker, mainPath } from '../../support/broker.js';
import { brokerEnvironment } from '../../support/broker-environment.mjs';
import { deferred, within } from '../../support/waiting.js';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

export interface RunningPerf {
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it has said this. */
  said(pattern: RegExp): Promise<void>;
}

const PATIENCE_MS = 25_000;

export function startPerf(args: readonly string[]): RunningPerf {
  const child = spawn(process.execPath, [mainPath, 'perf', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: brokerEnvironment(),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return watched(child, args);
}

function watched(child: ChildProcess, args: readonly string[]): RunningPerf {
  const told = { out: '', error: '' };
  const ended = deferred<Ended>();
  const waits = new Map<RegExp, () => void>();
  const take = (to: 'out' | 'error') => (text: string) => {
    told[to] += text;
    for (const [pattern, resolve] of waits) if (pattern.test(told.out + told.error)) resolve();
  };
  child.stdout?.setEncoding('utf8').on('data', take('out'));
  child.stderr?.setEncoding('utf8').on('data', take('error'));
  child.on('close', (code) => ended.resolve({ code, ...told }));
  const seen = (): string => `told: ${told.out}${told.error}`;
  return {
    ended: within(PATIENCE_MS, `perf ${args.join(' ')} to end`, ended.promise, seen),
    signal: (signal) => void child.kill(signal),
    said: (pattern) => {
      const found = deferred<void>();
      waits.set(pattern, found.resolve);
      take('out')('');
      return within(PATIENCE_MS, `perf to say ${pattern}`, found.promise, seen);
    },
  };
}

/** A run to its end, which must be a good one, with what it comes to. */
export async function report(broker: Broker, ...args: string[]): Promise<Report> {
  const { code, out, error } = await startPerf(['--url', broker.url, '--json', '--quiet', ...args]).ended;
  if (code !== 0) throw new Error(`perf ${args.join(' ')} ended with ${code}: ${error}`);
  return JSON.parse(out) as Report;
}
