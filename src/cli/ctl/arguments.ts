/**
 * The arguments of a command, as rabbitmqctl takes them: options before, between and behind. What must hold: what
 * cannot be understood is told before anything is asked of a broker.
 */
import { parseArgs } from 'node:util';
import { meant } from '../config/flags.js';
import { nearest } from '../config/nearest.js';
import { type CtlCommand, CtlError, EXIT, type Given, type Option, UsageError } from './command.js';
import { COMMANDS } from './commands.js';
import { FORMATS, type Format } from './format.js';

/** What all commands take, by name. */
export const OPTIONS: Readonly<Record<string, Option>> = {
  quiet: { value: null, short: 'q', help: 'say nothing but what was asked for' },
  silent: { value: null, short: 's', help: 'the same, and tell no names of columns' },
  formatter: { value: FORMATS.join('|'), help: 'how lists are written; table is the default' },
  'no-table-headers': { value: null, help: 'tell no names of columns' },
  timeout: { value: 'SECONDS', short: 't', help: 'how long to wait for the broker, 60 by default' },
  vhost: { value: 'VHOST', short: 'p', help: 'the vhost that is meant, / by default' },
  socket: { value: 'FILE', help: "the broker's socket (ctl_socket)" },
  data: { value: 'DIR', help: "the broker's data directory, in which its socket is" },
  help: { value: null, short: 'h', help: 'tell what a command takes' },
  node: { value: 'NODE', short: 'n', help: 'taken for the sake of scripts; it says nothing here' },
  longnames: { value: null, short: 'l', help: 'the same' },
  'erlang-cookie': { value: 'COOKIE', help: 'the same' },
};

const TIMEOUT = 60;
/** The longest that a timer can run (s). */
const TIMEOUT_MAX = 2_000_000;

export interface Parsed {
  readonly command: CtlCommand | null;
  /** What was said to `help`, or a command that is not there. */
  readonly words: readonly string[];
  readonly given: Given;
  readonly isQuiet: boolean;
  readonly isSilent: boolean;
  readonly hasHeader: boolean;
  readonly format: Format;
  readonly wantsHelp: boolean;
  readonly socket: string | null;
  readonly data: string | null;
}

type Values = ReadonlyMap<string, string | boolean | undefined>;

/** What is read from standard input. */
export type Input = Pick<Given, 'secret' | 'input'>;

/** Throws a `UsageError`. */
export function parseCommand(args: readonly string[], input: Input): Parsed {
  const { values, positionals } = tokens(args);
  const [name, ...words] = positionals;
  const wantsHelp = values.get('help') === true || name === undefined || name === 'help';
  const command = name === undefined || name === 'help' || name === 'completion' ? null : commandNamed(name);
  if (command !== null && !wantsHelp) check(command, words, values);
  const isSilent = values.get('silent') === true;
  return {
    command,
    words: name === 'help' ? words : positionals,
    given: givenTo(command, words, values, input),
    isQuiet: isSilent || values.get('quiet') === true,
    isSilent,
    hasHeader: !isSilent && values.get('no-table-headers') !== true,
    format: formatOf(text(values.get('formatter'))),
    wantsHelp,
    socket: text(values.get('socket')),
    data: text(values.get('data')),
  };
}

function tokens(args: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const all = Object.assign({}, OPTIONS, ...COMMANDS.map((command) => command.options ?? {})) as typeof OPTIONS;
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { value, short }]) => {
      const type: 'boolean' | 'string' = value === null ? 'boolean' : 'string';
      return [name, short === undefined ? { type } : { type, short }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { values: new Map(Object.entries(values)), positionals };
  } catch (error) {
    const reason = firstSentence(error);
    throw new UsageError(`${reason}${meant(nearestOption(reason, Object.keys(all)))}`);
  }
}

/** What an unknown option may stand for. */
function nearestOption(reason: string, names: readonly string[]): string | null {
  const [, unknown] = /^Unknown option '(--[^']+)'/.exec(reason) ?? [];
  return unknown === undefined
    ? null
    : nearest(
        unknown,
        names.map((name) => `--${name}`),
      );
}

function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/\. |\n/)[0] ?? '';
}

/** Throws a `CtlError` where there is no such command. */
export function commandNamed(name: string): CtlCommand {
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return command;
  throw notFound(name);
}

function notFound(name: string): CtlError {
  const near = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  const hint = near === null ? '' : `Did you mean '${near}'? \n`;
  return new CtlError(EXIT.USAGE, `\nCommand '${name}' not found. \n${hint}`, false);
}

function check(command: CtlCommand, words: readonly string[], values: Values): void {
  const { arguments: due, columns, options = {} } = command;
  const isOpen = columns !== undefined || due.some(({ kind }) => kind === 'several');
  const needed = due.filter(({ kind }) => kind === 'one').length;
  if (words.length < needed) throw new UsageError('not enough arguments.', command);
  if (!isOpen && words.length > due.length) throw new UsageError('too many arguments.', command);
  const foreign = [...values.keys()].find((name) => OPTIONS[name] === undefined && options[name] === undefined);
  if (foreign !== undefined) throw new UsageError(`${command.name} has no option --${foreign}`, command);
  for (const [name, option] of Object.entries(options)) checkNumber(name, option, text(values.get(name)), command);
  if (columns === undefined) return;
  const known = [...columns.standard, ...columns.others];
  const unknown = columnsIn(words).filter((word) => !known.includes(word));
  if (unknown.length > 0) throw new UsageError(`Info key(s) ${unknown.join(',')} are not supported`, command);
}

function checkNumber(name: string, { whole }: Option, given: string | null, command: CtlCommand): void {
  if (whole === undefined || given === null) return;
  const value = /^-?\d+$/.test(given) ? Number(given) : Number.NaN;
  if (value >= whole.min && value <= whole.max) return;
  const range = `a whole number from ${whole.min} to ${whole.max}`;
  throw new UsageError(`--${name} must be ${range}, not '${given}'`, command);
}

/** They may have commas between them. */
function columnsIn(words: readonly string[]): string[] {
  return words.flatMap((word) => word.split(',')).filter((word) => word !== '');
}

function givenTo(command: CtlCommand | null, words: readonly string[], values: Values, input: Input): Given {
  const due = command?.arguments ?? [];
  const find = (name: string): string | undefined => words[due.findIndex((argument) => argument.name === name)];
  const columns = columnsIn(words);
  return {
    vhost: text(values.get('vhost')) ?? '/',
    hasVhost: values.get('vhost') !== undefined,
    argument: (name) => find(name) ?? '',
    optional: find,
    several:
      command?.columns === undefined
        ? words.slice(
            Math.max(
              0,
              due.findIndex(({ kind }) => kind === 'several'),
            ),
          )
        : columns.length > 0
          ? columns
          : command.columns.standard,
    option: (name) => text(values.get(name)),
    has: (name) => values.get(name) !== undefined && values.get(name) !== false,
    timeout: timeoutOf(text(values.get('timeout'))) * 1000,
    isForPeople: isForPeople(formatOf(text(values.get('formatter')))),
    ...input,
  };
}

function timeoutOf(given: string | null): number {
  if (given === null) return TIMEOUT;
  if (given === 'infinity') return TIMEOUT_MAX;
  const seconds = Number(given);
  if (given.trim() !== '' && seconds > 0) return Math.min(seconds, TIMEOUT_MAX);
  throw new UsageError(`--timeout must be a number of seconds, not '${given}'`);
}

/** JSON and CSV are for programs: nothing is said beside them. */
function isForPeople(format: Format): boolean {
  return format === 'table' || format === 'pretty_table';
}

function formatOf(given: string | null): Format {
  const format = FORMATS.find((one) => one === (given ?? 'table'));
  if (format !== undefined) return format;
  throw new UsageError(`--formatter must be one of ${FORMATS.join(', ')}, not '${given}'`);
}

function text(value: string | boolean | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
