/** Writes the documents that follow from the table of settings; the tests fail where they are not what it says. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DOCUMENTS } from './dist/cli/config/documents.js';

for (const [path, text] of Object.entries(DOCUMENTS)) {
  writeFileSync(fileURLToPath(new URL(path, import.meta.url)), text());
}
