/**
 * Brokers whose CPUs were restricted from outside, by taskset and by a control group: what the kernel says of each of
 * their threads, and what they say of themselves.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { mainPath } from '../support/broker.js';
import { brokerEnvironment, WITHOUT_HTTP } from '../support/broker-environment.mjs';

const running = new Set<ChildProcess>();
afterEach(endAll);

async function endAll(): Promise<void> {
  for (const child of running) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  running.clear();
}

/** Starts a broker by a command that is to run it; resolves when it serves, with what it says of its workers. */
async function started(command: string, args: readonly string[]): Promise<{ line: string; pid: number }> {
  const flags = ['--port', '0', '--transient', '--workers', '2'];
  const child = spawn(command, [...args, process.execPath, mainPath, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...brokerEnvironment(), ...WITHOUT_HTTP },
  });
  running.add(child);
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('2 workers, ')) return { line, pid: child.pid ?? 0 };
  throw new Error('the broker has ended before it served');
}

/** The CPUs of a list as the kernel writes it: 0-2,5. */
function cpusOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, end = first] = range.split('-').map(Number);
    return Array.from({ length: end - first + 1 }, (_, i) => first + i);
  });
}

/**
 * The CPUs that a process here may have: the machine's, without those that a control group keeps from us. Whatever this
 * thread is bound to does not count.
 */
function machineCpus(): number[] {
  const online = readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();
  const status = execFileSync('taskset', ['-c', online, 'cat', '/proc/self/status'], { encoding: 'latin1' });
  return cpusOf(allowedIn(status));
}

function allowedIn(status: string): string {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
}

/** The masks of a process's threads, each once. */
function masks(pid: number): string[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((task) =>
    allowedIn(readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1')),
  );
  return [...new Set(lists)];
}

const allowed = process.platform === 'linux' ? machineCpus() : [];
const last = allowed.at(-1) ?? 0;

test.runIf(allowed.length > 1)('a broker that taskset has given one CPU runs all of its threads there', async () => {
  const { line, pid } = await started('taskset', ['-c', `${last}`]);
  expect(line).toContain(`pinned to CPU ${last}`);
  expect(masks(pid)).toEqual([`${last}`]);
});

const CPUSET = '/sys/fs/cgroup/cpuset';
const mayMakeGroups = existsSync(join(CPUSET, 'cpuset.cpus')) && process.getuid?.() === 0;

test.runIf(allowed.length > 1 && mayMakeGroups)('so does one that a control group has given one', async () => {
  const group = join(CPUSET, `leveret-cpus-${process.pid}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, 'cpuset.mems'), readFileSync(join(CPUSET, 'cpuset.mems')));
    writeFileSync(join(group, 'cpuset.cpus'), `${last}`);
    const { line, pid } = await started('sh', ['-c', `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`]);
    expect(line).toContain(`pinned to CPU ${last}`);
    expect(masks(pid)).toEqual([`${last}`]);
  } finally {
    await endAll();
    rmdirSync(group);
  }
});
