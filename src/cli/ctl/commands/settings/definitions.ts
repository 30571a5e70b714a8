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
    options: { ...FORMAT, 'dry-run': { value: null, help: 'changes nothing, and tells what the import would change' } },
    check: (given) => {
      checkFormat(given);
      const file = given.optional('file') ?? STANDARD;
      if (file !== STANDARD) mustExist('File', file);
    },
    banner: ({ optional: find, has }) => {
      const file = find('file') ?? STANDARD;
      const verb = has('dry-run') ? 'Comparing' : 'Importing';
      return file === STANDARD
        ? `${verb} definitions in JSON from standard input ...`
        : `${verb} definitions in JSON from a file at "${file}" ...`;
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
  if (given.has('dry-run'))
    return told(JSON.parse(await api.post(`${at('definitions')}?dry_run=true`, definitions)) as Preview);
  await api.post(at('definitions'), definitions);
  return { kind: 'text', isRemark: true, text: 'The definitions are imported.' };
}

interface Preview {
  readonly valid: boolean;
  readonly faults: readonly { readonly place: string; readonly reason: string }[];
  readonly faults_untold: number;
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly changes: readonly Change[];
  readonly changes_untold: number;
  readonly notes: readonly string[];
}

interface Change {
  readonly section: string;
  readonly name: string;
  readonly vhost: string | null;
  readonly action: string;
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
  readonly reason: string | null;
}

/** A line for each change, and the sum of each section; a file that is wrong ends as an import of it would. */
function told(preview: Preview): Outcome {
  if (!preview.valid) {
    const faults = preview.faults.map(({ place, reason }) => `${place} ${reason}`.trim());
    const more = preview.faults_untold === 0 ? [] : [`and ${preview.faults_untold} more`];
    throw new CtlError(EXIT.DATA, `The file cannot be imported:\n${[...faults, ...more].join('\n')}`);
  }
  const more = preview.changes_untold === 0 ? [] : [`and ${preview.changes_untold} more`];
  const sums = Object.entries(preview.counts).map(([section, counts]) => `${wordsOf(section)}: ${sumOf(counts)}`);
  return { kind: 'text', text: [...preview.changes.map(changeText), ...more, ...preview.notes, ...sums].join('\n') };
}

function changeText({ section, name, vhost, action, fields, reason }: Change): string {
  const where = vhost === null ? '' : ` in vhost '${vhost}'`;
  const values = fields.map(
    ({ field, before, after }) => `${field} from ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
  );
  const why = reason === null ? '' : `: ${reason}`;
  const what = values.length === 0 ? why : `: ${values.join(', ')}`;
  return `${wordsOf(action)} ${wordsOf(section)}: ${name}${where}${what}`;
}

function sumOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([action, count]) => `${count} ${wordsOf(action)}`)
    .join(', ');
}

/** `left_out` as people read it. */
function wordsOf(name: string): string {
  return name.replaceAll('_', ' ');
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
