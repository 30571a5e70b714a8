/**
 * How many CPUs' time the control groups of this process leave it, as Linux tells: cgroup v2 in `cpu.max`, v1 in
 * `cpu.cfs_quota_us` and `cpu.cfs_period_us`. A quota of a group holds for all in it, so the least on the way to the
 * root counts. In a container the group's own path may not be there, but its root is the container's.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface QuotaFiles {
  readonly groups?: string;
  readonly mount?: string;
}

/** CPUs, possibly a fraction; infinite where there is no quota. */
export function cpuQuota({ groups = '/proc/self/cgroup', mount = '/sys/fs/cgroup' }: QuotaFiles = {}): number {
  const lines = textIn(groups)?.trim().split('\n') ?? [];
  const quotas = lines.flatMap((line) => {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') {
      // Beside v1 the unified hierarchy has a place of its own, and no CPU controller.
      return upwards(path).map((group) => unifiedQuota(join(mount, group)));
    }
    if (!controllers.split(',').includes('cpu')) return [];
    return [...new Set([controllers, 'cpu'])].flatMap((name) =>
      upwards(path).map((group) => quotaV1(join(mount, name, group))),
    );
  });
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** A group and those that it lies in, up to the root. */
function upwards(path: string): string[] {
  const groups = [path];
  for (let group = path; group !== '/' && group !== '.'; ) {
    group = dirname(group);
    groups.push(group);
  }
  return groups;
}

/** `max 100000`, or the time and the period (µs). */
function unifiedQuota(directory: string): number {
  const [time = 'max', period = ''] = textIn(join(directory, 'cpu.max'))?.trim().split(' ') ?? [];
  return share(Number(time), Number(period));
}

function quotaV1(directory: string): number {
  const time = textIn(join(directory, 'cpu.cfs_quota_us'));
  const period = textIn(join(directory, 'cpu.cfs_period_us'));
  return share(Number(time ?? -1), Number(period ?? 0));
}

function share(time: number, period: number): number {
  return time > 0 && period > 0 ? time / period : Number.POSITIVE_INFINITY;
}

function textIn(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
