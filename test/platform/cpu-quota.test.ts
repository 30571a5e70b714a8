/** How many CPUs control groups leave a process: by made-up files of both versions, and by the kernel where it lets us. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { cpuQuota, type QuotaFiles } from '../../src/platform/cpus/cpu-quota.js';

const places: string[] = [];
afterEach(() => {
  for (const place of places.splice(0)) rmSync(place, { recursive: true });
});

/** What /proc/self/cgroup says, and the files below /sys/fs/cgroup. */
function groups(own: string, files: Readonly<Record<string, string>>): QuotaFiles {
  const place = mkdtempSync(join(tmpdir(), 'leveret-cgroup-'));
  places.push(place);
  const mount = join(place, 'mount');
  writeFileSync(join(place, 'own'), own);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(mount, path)), { recursive: true });
    writeFileSync(join(mount, path), `${content}\n`);
  }
  return { groups: join(place, 'own'), mount };
}

test('version 2: the least quota on the way to the root holds', () => {
  const own = '0::/system.slice/broker.service\n';
  const max = (share: string, outer: string) => ({
    'system.slice/broker.service/cpu.max': share,
    'system.slice/cpu.max': outer,
  });
  expect(cpuQuota(groups(own, max('150000 100000', 'max 100000')))).toBe(1.5);
  expect(cpuQuota(groups(own, max('800000 100000', '400000 100000')))).toBe(4);
  expect(cpuQuota(groups(own, max('max 100000', 'max 100000')))).toBe(Number.POSITIVE_INFINITY);
});

test('version 2 in a container: its own group is the root that it sees', () => {
  expect(cpuQuota(groups('0::/\n', { 'cpu.max': '50000 100000' }))).toBe(0.5);
  expect(cpuQuota(groups('0::/../../elsewhere\n', { 'cpu.max': '200000 100000' }))).toBe(2);
});

test('version 1: time and period lie in files of their own, wherever the controller is mounted', () => {
  const files = (name: string) => ({
    [`${name}/docker/0a/cpu.cfs_quota_us`]: '300000',
    [`${name}/docker/0a/cpu.cfs_period_us`]: '100000',
    [`${name}/cpu.cfs_quota_us`]: '-1',
    [`${name}/cpu.cfs_period_us`]: '100000',
  });
  expect(cpuQuota(groups('4:cpu,cpuacct:/docker/0a\n1:memory:/\n0::/\n', files('cpu,cpuacct')))).toBe(3);
  expect(cpuQuota(groups('4:cpu,cpuacct:/docker/0a\n', files('cpu')))).toBe(3);
});

test('no quota where there are no groups', () => {
  expect(cpuQuota({ groups: '/nowhere', mount: '/nowhere' })).toBe(Number.POSITIVE_INFINITY);
});

const V1 = '/sys/fs/cgroup/cpu';
const mayMakeGroups = existsSync(join(V1, 'cpu.cfs_quota_us')) && process.getuid?.() === 0;

test.runIf(mayMakeGroups)('a process that the kernel has given a quota finds it', () => {
  const group = join(V1, `leveret-quota-${process.pid}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, 'cpu.cfs_quota_us'), '170000');
    const built = fileURLToPath(new URL('../../dist/platform/cpus/cpu-quota.js', import.meta.url));
    const program = `import(${JSON.stringify(built)}).then(({ cpuQuota }) => console.log(cpuQuota()))`;
    const script = `echo $$ > ${group}/cgroup.procs && exec "$0" -e '${program}'`;
    expect(execFileSync('sh', ['-c', script, process.execPath], { encoding: 'utf8' })).toBe('1.7\n');
  } finally {
    rmdirSync(group);
  }
});
