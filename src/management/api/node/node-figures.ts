/**
 * What the process and its machine tell of themselves, under RabbitMQ's names. What Linux does not tell, or another
 * system tells otherwise, is 0.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';

/** So many descriptors are looked at to see which are sockets: of more than these it is not known. */
const LOOKED_AT = 20_000;
/** So many are looked at together. */
const PORTION = 500;

export async function nodeFigures({ facts, engine, alarms }: ManagedBroker): Promise<JsonObject> {
  const [descriptors, most, threads, running] = await Promise.all([
    entries('/proc/self/fd'),
    descriptorsMax(),
    entries('/proc/self/task'),
    runningTasks(),
  ]);
  const { disk } = alarms;
  return {
    os_pid: String(process.pid),
    uptime: Date.now() - facts.startedAt,
    processors: availableParallelism(),
    run_queue: running,
    mem_used: process.memoryUsage.rss(),
    mem_limit: facts.memory,
    mem_alarm: alarms.isShortOfMemory,
    mem_calculation_strategy: 'rss',
    workers: facts.workers,
    worker_placement: facts.placement,
    core_memory_used: engine.memoryUsed(),
    core_memory_free: engine.memoryFree(),
    fd_used: descriptors.length,
    fd_total: most,
    sockets_used: await socketsAmong(descriptors),
    sockets_total: most,
    proc_used: threads.length,
    proc_total: most,
    disk_free: disk?.free ?? 0,
    disk_free_limit: disk?.least ?? 0,
    disk_free_alarm: alarms.isLowOnDisk,
  };
}

async function entries(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** The system lets the process have so many descriptors. */
async function descriptorsMax(): Promise<number> {
  const [, most] = /^Max open files +(\d+)/m.exec(await text('/proc/self/limits')) ?? [];
  return Number(most ?? 0);
}

/** Threads of the machine that run or wait for a CPU. */
async function runningTasks(): Promise<number> {
  const [, running] = / (\d+)\/\d+ /.exec(await text('/proc/loadavg')) ?? [];
  return Number(running ?? 0);
}

async function socketsAmong(descriptors: readonly string[]): Promise<number> {
  let sockets = 0;
  for (let from = 0; from < Math.min(descriptors.length, LOOKED_AT); from += PORTION) {
    const portion = descriptors.slice(from, from + PORTION);
    const targets = await Promise.all(portion.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    sockets += targets.filter((target) => target.startsWith('socket:')).length;
  }
  return sockets;
}
