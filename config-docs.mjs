/**
 * Writes the documents that follow from the table of settings, and from the lock file, and the HTTP API's from its contracts; the tests fail
 * where they are not what these say.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DOCUMENTS } from './dist/cli/config/documents.js';
import { Broker } from './dist/index.js';
import { dependenciesDocument } from './examples/packaging/npm/dependencies.mjs';

for (const [path, text] of Object.entries(DOCUMENTS)) {
  writeFileSync(fileURLToPath(new URL(path, import.meta.url)), text());
}
writeFileSync(new URL('docs/dependencies.md', import.meta.url), dependenciesDocument());

const broker = await Broker.start({ management: {} });
const answer = await fetch(`http://127.0.0.1:${broker.management.port}/api/openapi.json`, {
  headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
});
writeFileSync(new URL('docs/openapi.json', import.meta.url), `${JSON.stringify(await answer.json(), null, 1)}\n`);
await broker.stop();
