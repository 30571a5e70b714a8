/**
 * Where the files are from which a broker's threads start. Beside this module, unless the program was bundled: then they
 * are in the package that it can still find, or where it says. What must hold: whoever bundles without them is told so
 * in one line, and what to do.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from './options.js';

const BROKER_THREAD = join('node', 'broker-thread.js');

/** What the broker's thread starts from. `given`: the folder `dist` of this package, as the program says. */
export function brokerThreadFile(given: string | null): string {
  const folders = given === null ? likelyFolders() : [given];
  const folder = folders.find((one) => existsSync(join(one, BROKER_THREAD)));
  if (folder !== undefined) return join(folder, BROKER_THREAD);
  throw new OptionError(
    `the files of leveret are not in ${folders.join(' or ')}: leave the package out of the bundle, or say by the ` +
      "option files where its folder 'dist' is",
  );
}

function likelyFolders(): readonly string[] {
  // A bundle of CommonJS has no such URL. It stands by itself, so that bundlers do not take the file for an asset: they
  // would leave behind what it imports.
  const here: unknown = import.meta.url;
  const beside = typeof here === 'string' && here.startsWith('file:') ? [fileURLToPath(new URL('..', here))] : [];
  const [, program = ''] = process.argv;
  const installed = [program, join(process.cwd(), 'program')].flatMap(installedFor);
  return [...new Set([...beside, ...installed])];
}

/** The package that a program's file would import. */
function installedFor(file: string): readonly string[] {
  try {
    return [dirname(createRequire(file).resolve('leveret'))];
  } catch {
    return [];
  }
}
