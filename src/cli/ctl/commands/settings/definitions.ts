/** All definitions at once: exported to a file, imported from one. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Api, at } from '../../api.js';
import { type CtlCommand, CtlError, DONE, EXIT, type Given, type Outcome, one, optional } from '../../command.js';

/** Stands for standard input or output. */
const STANDARD = '-';

const FORMAT = { format: { value: 'json', help: 'the format of the file: JSON is the only one' } };

export const DEFINITION_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'export_definitions',
    subject: 'Definitions',
    summary: 'writes all definitions into a file, - for standard output: users, vhosts, queues and so on',
    arguments: [one('file')],
    options: FORMAT,
    check: (given) => {
      checkFormat(given);
      const file = given.argument('file');
      if (file !== STANDARD) mustExist('Directory', dirname(file));
    },
    banner: ({ argument }) =>
      argument('file') === STANDARD ? '' : `Exporting definitions in JSON to a file at "${argument('file')}" ...`,
    run: exportTo,
  },
  {
    name: 'import_definitions',
    subject: 'Definitions',
    summary: 'adds the definitions of a file, - or none for standard input; where one is wrong, nothing changes',
    arguments: [optional('file')],
    options: FORMAT,
    check: (given) => {
      checkFormat(given);
      const file = given.optional('file') ?? STANDARD;
      if (file !== STANDARD) mustExist('File', file);
    },
    banner: ({ optional: find }) => {
      const file = find('file') ?? STANDARD;
      return file === STANDARD
        ? 'Importing definitions in JSON from standard input ...'
        : `Importing definitions in JSON from a file at "${file}" ...`;
    },
    run: importFrom,
  },
];

async function exportTo(given: Given, api: Api): Promise<Outcome> {
  const definitions = JSON.stringify(await api.get<unknown>(at('definitions')));
  const file = given.argument('file');
  if (file === STANDARD) return { kind: 'text', text: definitions };
  try {
    await writeFile(file, definitions, { mode: 0o600 });
  } catch (error) {
    throw new CtlError(EXIT.CANNOT_CREATE, `${file} cannot be written: ${reasonOf(error)}`);
  }
  return DONE;
}

async function importFrom(given: Given, api: Api): Promise<Outcome> {
  const file = given.optional('file') ?? STANDARD;
  const text = file === STANDARD ? await given.input() : await textOf(file);
  let definitions: unknown;
  try {
    definitions = JSON.parse(text);
  } catch (error) {
    throw new CtlError(EXIT.DATA, `Failed to deserialise input (format: JSON): ${reasonOf(error)}`);
  }
  await api.post(at('definitions'), definitions);
  return { kind: 'text', isRemark: true, text: 'The definitions are imported.' };
}

function checkFormat({ option }: Given): void {
  const format = option('format') ?? 'json';
  if (format.toLowerCase() !== 'json') throw new CtlError(EXIT.USAGE, `--format can be json, not ${format}`);
}

/** As rabbitmqctl says it. */
function mustExist(what: 'Directory' | 'File', path: string): void {
  if (existsSync(path)) return;
  throw new CtlError(EXIT.DATA, `Error (argument validation): Bad argument: ${what} ${path} does not exist`, false);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CtlError(EXIT.DATA, `${file} cannot be read: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
