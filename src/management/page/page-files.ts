/**
 * The files of the web page, as the build has written them: each with what it becomes by brotli and gzip beside it. They
 * are read once.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PageFile {
  /** Where it is served: `/` or `/assets/…`. */
  readonly path: string;
  readonly type: string;
  /** Its name changes with what it says, so whoever has it need not ask again. */
  readonly isHashed: boolean;
  readonly etag: string;
  readonly plain: Buffer;
  readonly br: Buffer | null;
  readonly gzip: Buffer | null;
}

const INDEX = 'index.html';
const ASSETS = 'assets';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** None, where the page has not been built. */
export async function readPage(folder: string): Promise<readonly PageFile[]> {
  const assets = await readdir(join(folder, ASSETS)).catch(() => []);
  const names = [INDEX, ...assets.map((name) => `${ASSETS}/${name}`)];
  const files = await Promise.all(names.filter((name) => typeOf(name) !== null).map((name) => read(folder, name)));
  return files.filter((file) => file !== null);
}

function typeOf(name: string): string | null {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? null;
}

async function read(folder: string, name: string): Promise<PageFile | null> {
  const bytes = (ending: string): Promise<Buffer | null> => readFile(join(folder, name + ending)).catch(() => null);
  const [plain, br, gzip] = await Promise.all([bytes(''), bytes('.br'), bytes('.gz')]);
  if (plain === null) return null;
  return {
    path: name === INDEX ? '/' : `/${name}`,
    type: typeOf(name) ?? '',
    isHashed: name !== INDEX,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    br,
    gzip,
  };
}
