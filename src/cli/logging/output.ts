/**
 * Where the command writes the operator's log: standard output, or a file that is opened anew when it was rotated; by
 * pino, as a JSON object a line, or as text for people. What must hold: whoever reads the log, however slowly, holds
 * nothing up: what cannot be written waits, within bounds, and beyond them it is dropped and counted.
 *
 * This folder is for how the command writes the operator's log.
 */
import type { destination, Logger, pino } from 'pino';
import type { LogEntry } from '../../logging/logger.js';
import { within } from '../../platform/within.js';
import { sourceStack } from '../source-stack.js';
import { textOf } from './text.js';

export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** `file` null: standard output. */
export interface LogPlace {
  readonly file: string | null;
  readonly format: LogFormat;
}

/** So much may wait to be written (octets). */
const WAITING_MAX = 8 * 1024 ** 2;
/** How long the last lines may take (ms). */
const END_MS = 1_000;
/** Its descriptor. */
const STANDARD_OUTPUT = 1;

type Destination = ReturnType<typeof destination>;

export class LogOutput {
  readonly #destination: Destination;
  readonly #write: (entry: LogEntry) => void;
  readonly #isFile: boolean;
  #dropped = 0;
  /** It could not be written when it was last tried, and that was said. */
  #isFailing = false;
  #hasEnded = false;

  /** Rejects with the system's error where a file cannot be written. */
  static async open({ file, format }: LogPlace): Promise<LogOutput> {
    // Loaded here, as other commands write no log.
    const { pino } = await import('pino');
    const isText = format === 'text' || (format === 'auto' && file === null && process.stdout.isTTY);
    const target = pino.destination({ dest: file ?? STANDARD_OUTPUT, sync: false, maxLength: WAITING_MAX });
    if (file !== null) await opened(target);
    return new LogOutput(target, isText ? null : jsonLogger(pino, target), file !== null);
  }

  private constructor(target: Destination, json: Logger | null, isFile: boolean) {
    this.#destination = target;
    this.#isFile = isFile;
    this.#write = json === null ? (entry) => void target.write(textOf(entry)) : (entry) => writeJson(json, entry);
    target.on('drop', () => {
      this.#dropped += 1;
    });
    target.on('error', (error: Error) => this.#onError(error));
    target.on('write', () => {
      this.#isFailing = false;
    });
  }

  write(entry: LogEntry): void {
    if (this.#hasEnded) return;
    if (this.#dropped > 0) this.#tellDropped();
    this.#write(withSources(entry));
  }

  /** A file that was moved away is written under its name again. */
  reopen(): void {
    if (this.#isFile) this.#destination.reopen();
  }

  /** Resolves when what was written is, or is given up. */
  async end(): Promise<void> {
    // What was handed over in the same turn is on its way here.
    await Promise.resolve();
    this.#hasEnded = true;
    const closed = new Promise<void>((resolve) => this.#destination.once('close', () => resolve()));
    this.#destination.end();
    await within(END_MS, closed);
  }

  /** Nobody reads, or the disk is full: the broker goes on, and what waits is tried again with the next line. */
  #onError({ message }: Error): void {
    if (!this.#isFailing) process.stderr.write(`leveret: the log cannot be written: ${message}\n`);
    this.#isFailing = true;
  }

  #tellDropped(): void {
    const message = `${this.#dropped} lines of the log were dropped: they could not be written in time`;
    this.#dropped = 0;
    this.#write({ time: Date.now(), level: 'warning', area: 'broker', message });
  }
}

/** A stack trace is told in terms of the sources. */
function withSources(entry: LogEntry): LogEntry {
  const { stack } = entry.fields ?? {};
  return typeof stack === 'string' ? { ...entry, fields: { ...entry.fields, stack: sourceStack(stack) } } : entry;
}

function opened(target: Destination): Promise<void> {
  return new Promise((resolve, reject) => {
    target.once('ready', () => resolve());
    target.once('error', reject);
  });
}

function jsonLogger(make: typeof pino, target: Destination): Logger {
  return make(
    {
      level: 'debug',
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label === 'warn' ? 'warning' : label }) },
    },
    target,
  );
}

function writeJson(json: Logger, { time, level, area, message, fields }: LogEntry): void {
  const said = { time: new Date(time).toISOString(), area, ...fields };
  if (level === 'warning') json.warn(said, message);
  else json[level](said, message);
}
