/**
 * Serves the page: `node serve.mjs`, needs esbuild. What must hold: the two headers, without which a page has no shared
 * memory, and the binaries beside the page's script, where the loader looks for them.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const FILES = {
  '/': ['index.html', 'text/html'],
  '/story.txt': ['../story.txt', 'text/plain'],
  '/core.threads.wasm': ['../../../dist/core.threads.wasm', 'application/wasm'],
};

/** Serves the page on a port; resolves with the server. `more`: other paths, with the file and its type. */
export async function serve(port, more = {}) {
  const { outputFiles } = await build({
    entryPoints: ['page.mjs', 'publisher.mjs', 'consumer.mjs'],
    absWorkingDir: HERE,
    outdir: HERE,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  const scripts = new Map(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
  const files = { ...FILES, ...more };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const script = scripts.get(pathname);
    const [file, type] = files[pathname] ?? [];
    if (script !== undefined) response.writeHead(200, { ...ISOLATION, 'Content-Type': 'text/javascript' }).end(script);
    else if (file === undefined) response.writeHead(404).end();
    else {
      const content = await readFile(new URL(file, import.meta.url));
      response.writeHead(200, { ...ISOLATION, 'Content-Type': type }).end(content);
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 8080));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
