/**
 * What a command of `leveret ctl` is: a line of the table from which come its help, its completion and its page in the
 * docs. What must hold: names, arguments, columns, texts and exit codes are those of rabbitmqctl, so that a script works
 * after replacing the word.
 */
import type { Api } from './api.js';

/** Exit codes, as sysexits.h has them. */
export const EXIT = {
  OK: 0,
  USAGE: 64,
  DATA: 65,
  NO_USER: 67,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  CANNOT_CREATE: 73,
  TEMPORARY: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command has failed. */
export class CtlError extends Error {
  constructor(
    readonly code: ExitCode,
    message: string,
    /** Whether rabbitmqctl has a line `Error:` before it. */
    readonly isHeaded = true,
  ) {
    super(message);
  }
}

/** The command line cannot be understood. */
export class UsageError extends CtlError {
  /** `command`: the one that was meant; null: it cannot be told. */
  constructor(
    message: string,
    readonly command: CtlCommand | null = null,
  ) {
    super(EXIT.USAGE, `Error (argument validation): ${message}`, false);
  }
}

export type Cell = null | boolean | number | string | readonly Cell[] | { readonly [name: string]: Cell };
export type Row = Readonly<Record<string, Cell>>;

/** What a command brings. */
export type Outcome =
  /** Nothing but that it is done. */
  | { readonly kind: 'done' }
  | {
      readonly kind: 'text';
      readonly text: string;
      /** It is not said to those who want quiet. */
      readonly isRemark?: boolean;
    }
  | {
      readonly kind: 'rows';
      readonly columns: readonly string[];
      readonly rows: readonly Row[];
      /** rabbitmqctl tells some lists without the names of their columns. */
      readonly hasHeader?: boolean;
      /** rabbitmqctl prints an empty line for some lists that are empty. */
      readonly emptyLine?: boolean;
      /** What is to be known of the list besides: said where errors are, so that a program reads the list alone. */
      readonly note?: string;
    }
  | { readonly kind: 'value'; readonly value: Cell };

export const DONE: Outcome = { kind: 'done' };

export interface Argument {
  readonly name: string;
  /** Several: all that follow. */
  readonly kind: 'one' | 'optional' | 'several';
}

export interface Option {
  /** What stands behind it; null: it is a switch. */
  readonly value: string | null;
  /** It must be a whole number, in between. */
  readonly whole?: { readonly min: number; readonly max: number };
  readonly short?: string;
  readonly help: string;
}

/** What was said to a command. */
export interface Given {
  readonly vhost: string;
  /** Whether `-p` was there. */
  readonly hasVhost: boolean;
  /** The arguments that the command names, by name. */
  argument(name: string): string;
  /** The argument, where it is there. */
  optional(name: string): string | undefined;
  /** Those of an argument that may be several. */
  readonly several: readonly string[];
  /** What stands behind an option; null: it is not there. */
  option(name: string): string | null;
  has(name: string): boolean;
  /** ms. */
  readonly timeout: number;
  /** A secret that is not among the arguments: the first line of standard input. */
  secret(): Promise<string>;
  /** All of standard input. */
  input(): Promise<string>;
  /** Whether what is told is for people, not for programs. */
  readonly isForPeople: boolean;
}

export const SUBJECTS = [
  'Help',
  'Node',
  'Cluster',
  'Users',
  'Access control',
  'Virtual hosts',
  'Monitoring',
  'Queues',
  'Connections',
  'Feature flags',
  'Policies',
  'Parameters',
  'Definitions',
] as const;

export interface CtlCommand {
  readonly name: string;
  readonly subject: (typeof SUBJECTS)[number];
  /** One sentence, without full stop. */
  readonly summary: string;
  readonly arguments: readonly Argument[];
  /** Those besides what all commands take, by name. */
  readonly options?: Readonly<Record<string, Option>>;
  /** It is about one vhost (`-p`). */
  readonly isInVhost?: boolean;
  /** The columns that may be asked for, those that are told by default first. */
  readonly columns?: Columns;
  /** Refuses, before anything is said or asked for, what cannot be. */
  check?(given: Given): void;
  /** Said before it is done, unless it is to be quiet. */
  banner?(given: Given): string;
  run(given: Given, api: Api): Promise<Outcome> | Outcome;
}

export interface Columns {
  readonly standard: readonly string[];
  readonly others: readonly string[];
}

export function one(name: string): Argument {
  return { name, kind: 'one' };
}

export function optional(name: string): Argument {
  return { name, kind: 'optional' };
}

export function several(name: string): Argument {
  return { name, kind: 'several' };
}

export function rows(columns: readonly string[], all: readonly Row[]): Outcome {
  return { kind: 'rows', columns, rows: all };
}
