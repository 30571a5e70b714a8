/**
 * What the system is asked for while idle CPUs are to stay awake, and where it cannot be asked.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CpuLatency } from '../../src/platform/cpus/cpu-latency.js';

let folder: string;
let requestPageIn: string;
let driver: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leveret-idle-'));
  requestPageIn = join(folder, 'wish');
  driver = join(folder, 'driver');
  writeFileSync(requestPageIn, '');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function held(): CpuLatency {
  const idle = new CpuLatency({ requestPageIn, driver });
  idle.hold();
  return idle;
}

function pageInRequested(): number[] {
  const octets = readFileSync(requestPageIn);
  return octets.length === 4 ? [new DataView(octets.buffer, octets.byteOffset).getInt32(0, true)] : [];
}

test('guests of a virtual machine keep their CPUs awake only when waking may take no time', () => {
  writeFileSync(driver, 'haltpoll\n');
  held().release();
  expect(pageInRequested()).toEqual([0]);
});

test('other machines may let them sleep lightly', () => {
  writeFileSync(driver, 'intel_idle\n');
  held().release();
  expect(pageInRequested()).toEqual([2]);
});

test('nothing is asked where CPUs do not sleep, or where the system does not let us ask', () => {
  held().release();
  expect(pageInRequested()).toEqual([]);
  writeFileSync(driver, 'haltpoll\n');
  requestPageIn = join(folder, 'missing');
  const idle = held();
  idle.hold();
  idle.release();
  expect(readdirSync(folder)).not.toContain('missing');
});

test('may be held again after a release, and is held once', () => {
  writeFileSync(driver, 'haltpoll\n');
  const idle = held();
  idle.hold();
  expect(openings()).toBe(1);
  idle.release();
  expect(openings()).toBe(0);
  idle.hold();
  expect(openings()).toBe(1);
  idle.release();
  expect(openings()).toBe(0);
});

/** How often this process has the file open. */
function openings(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link === requestPageIn).length;
}
