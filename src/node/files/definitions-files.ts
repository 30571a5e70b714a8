/** A file of definitions that the operator names: read, and what is wrong with it told with its name. */
import { readFileSync } from 'node:fs';
import type { DefinitionsAdministration } from '../../broker/coordinator/definitions-administration.js';
import type { DefinitionsFile } from '../../broker/definitions-file/entries.js';
import { DefinitionsError } from '../../broker/definitions-file/fields.js';
import { readDefinitions } from '../../broker/definitions-file/read-file.js';
import type { Logger } from '../../logging/logger.js';

/** A file of definitions cannot be imported. The message says which, where, and why. */
export class DefinitionsFileError extends Error {
  override readonly name = 'DefinitionsFileError';

  constructor(path: string, reason: string) {
    super(`definitions file ${path}: ${reason}`);
  }
}

/** What an operator's file has come to in this broker. */
export class DefinitionsImport {
  readonly path: string;
  readonly file: DefinitionsFile;

  /** Reads the file; entries that name no vhost are for `vhost`. Throws a `DefinitionsFileError`. */
  constructor(path: string, vhost: string) {
    this.path = path;
    this.file = readDefinitionsFile(path, vhost);
  }

  /** Imports it, and says what came of it. Rejects with a `DefinitionsFileError`. */
  async into(definitions: DefinitionsAdministration, logger: Logger): Promise<void> {
    const outcome = await definitions.importFile(this.file);
    if (!outcome.ok) throw new DefinitionsFileError(this.path, outcome.reason);
    logger.info('definitions', `definitions file ${this.path} is imported: ${outcome.imported}`);
    for (const note of outcome.notes) logger.warning('definitions', `definitions file ${this.path}: ${note}`);
  }
}

function readDefinitionsFile(path: string, vhost: string): DefinitionsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DefinitionsFileError(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return readDefinitions(text, { unnamed: vhost });
  } catch (error) {
    if (error instanceof DefinitionsError) throw new DefinitionsFileError(path, error.message);
    throw error;
  }
}
