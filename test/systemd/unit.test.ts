/** The unit by systemd's own judgement: it can be read, and gives the service little that it does not need. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const UNIT = new URL('../../examples/packaging/systemd/leveret.service', import.meta.url);
/** Of 10; what most services have is above 9. Compiling as it runs, and the network, are what is left. */
const EXPOSURE_MAX = 1.5;
const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.runIf(isThere)('the unit', () => {
  let place: string;
  let unit: string;
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'leveret-unit-'));
    unit = join(place, 'leveret.service');
    // The command need not be installed here.
    writeFileSync(unit, readFileSync(UNIT, 'utf8').replaceAll('/usr/bin/leveret', process.execPath));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test('is one that systemd understands', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('is hardly exposed', () => {
    const told = execFileSync('systemd-analyze', ['security', '--offline=true', unit], { encoding: 'utf8' });
    expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(told)?.[1])).toBeLessThanOrEqual(EXPOSURE_MAX);
  });
});
