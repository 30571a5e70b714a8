/**
 * The files of the web page, as the build has written them: each by brotli and by gzip. They are read once, and what
 * they are without is made then.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export interface PageFile {
  /** Where it is served: `/` or `/assets/…`. */
  readonly path: string;
  readonly type: string;
  /** Its name changes with what it says, so whoever has it need not ask again. */
  readonly isHashed: boolean;
  readonly etag: string;
  readonly plain: Buffer;
  readonly br: Buffer;
  readonly gzip: Buffer;
}

const INDEX = 'index.html';
const ASSETS = 'assets';
const GZIP = '.gz';
const BROTLI = '.br';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const unzipped = promisify(gunzip);

/** None, where the page has not been built. */
export async function readPage(folder: string): Promise<readonly PageFile[]> {
  const assets = await readdir(join(folder, ASSETS)).catch(() => null);
  if (assets === null) return [];
  const zipped = assets.filter((name) => name.endsWith(GZIP)).map((name) => name.slice(0, -GZIP.length));
  return Promise.all([INDEX, ...zipped.map((name) => `${ASSETS}/${name}`)].map((name) => read(folder, name)));
}

async function read(folder: string, name: string): Promise<PageFile> {
  const octets = (ending: string): Promise<Buffer> => readFile(join(folder, name + ending));
  const [br, gzip] = await Promise.all([octets(BROTLI), octets(GZIP)]);
  const plain = await unzipped(gzip);
  return {
    path: name === INDEX ? '/' : `/${name}`,
    type: typeOf(name),
    isHashed: name !== INDEX,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    br,
    gzip,
  };
}

function typeOf(name: string): string {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  if (type === undefined) throw new Error(`the page has a file of a kind that is not served: ${name}`);
  return type;
}
