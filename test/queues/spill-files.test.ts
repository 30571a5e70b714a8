/** Page files keep images as they were written, and give space back when images are freed. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SpillFiles } from '../../src/queues/spill/spill-files.js';

const parents: string[] = [];
afterEach(() => {
  for (const parent of parents.splice(0)) rmSync(parent, { recursive: true, force: true });
});

function directory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  parents.push(parent);
  return join(parent, 'spill');
}

/** Octets that are different for each number. */
const octets = (number: number, length: number): Buffer => Buffer.alloc(length, `${number} `);

async function stored(files: SpillFiles, content: Buffer) {
  const image = files.place(content.length);
  const half = content.length >> 1;
  await files.write(image, half, content.subarray(half));
  await files.write(image, 0, content.subarray(0, half));
  return image;
}

describe('spill files', () => {
  test('an image is read in parts as it was written', async () => {
    const files = new SpillFiles(directory(), 1000);
    const contents = Array.from({ length: 20 }, (_, i) => octets(i, 100 + i * 20));
    const images = await Promise.all(contents.map((content) => stored(files, content)));
    for (const [i, image] of images.entries()) {
      const target = Buffer.alloc(image.octets);
      await files.read(image, 50, target.subarray(50));
      await files.read(image, 0, target.subarray(0, 50));
      expect(target.equals(contents[i] ?? Buffer.alloc(0))).toBe(true);
    }
    files.close();
  });

  test('files are of bounded size, and used again when nothing in them counts', async () => {
    const path = directory();
    const files = new SpillFiles(path, 1000);
    for (let i = 0; i < 200; i++) {
      const image = await stored(files, octets(i, 300));
      const behind = await stored(files, octets(i, 300));
      files.free(image);
      files.free(behind);
    }
    expect(readdirSync(path).length).toBeLessThanOrEqual(3);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).size).toBeLessThanOrEqual(1000);
    files.close();
  });

  test('space that a long queue took is given back to the system', async () => {
    const path = directory();
    const files = new SpillFiles(path, 1000);
    const images = await Promise.all(Array.from({ length: 100 }, (_, i) => stored(files, octets(i, 500))));
    expect(files.count).toBe(50);
    for (const image of images) files.free(image);
    expect(files.count).toBeLessThanOrEqual(3);
    files.close();
  });

  test('an image larger than a file has one of its own', async () => {
    const files = new SpillFiles(directory(), 1000);
    const content = octets(7, 5000);
    await stored(files, octets(1, 10));
    const image = await stored(files, content);
    await stored(files, octets(2, 10));
    const target = Buffer.alloc(content.length);
    await files.read(image, 0, target);
    expect(target.equals(content)).toBe(true);
    files.close();
  });

  test('what a former life left behind is removed, and nothing is left at the end', () => {
    const path = directory();
    const before = new SpillFiles(path);
    before.place(10);
    writeFileSync(join(path, 'stray'), 'x');
    const files = new SpillFiles(path);
    expect(readdirSync(path)).toEqual([]);
    files.close();
    expect(() => readdirSync(path)).toThrow();
  });

  test('an image that is cut off is an error', async () => {
    const files = new SpillFiles(directory());
    const image = files.place(100);
    await expect(files.read(image, 0, Buffer.alloc(100))).rejects.toThrow(/ends at/);
    files.close();
  });
});
