/**
 * Where entries of the operator's log are made, in each thread of a broker: they are gathered during a turn of the
 * event loop and handed on together, to the thread of the program that has started the broker, which writes them. What
 * must hold: what is not wanted costs nothing; an entry is one line that shows what it holds and does nothing to a
 * terminal, whatever a client has put into it; whoever ends a thread calls `flush` first.
 */
import type { Area, Level, LogLevels } from './levels.js';
import { printable } from './printable.js';

/** What an entry tells besides its text, for programs. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: Level;
  readonly area: Area;
  readonly message: string;
  readonly fields?: Fields;
}

/** Gets entries as they are handed on. */
type Follower = (entries: readonly LogEntry[]) => void;

/** A longer text of a field is cut (characters). */
const FIELD_MAX = 1024;
/** A longer message is cut (characters). */
const MESSAGE_MAX = 4096;

export class Logger {
  readonly levels: LogLevels;
  readonly #send: Follower;
  #entries: LogEntry[] = [];
  readonly #followers = new Set<Follower>();

  constructor(levels: LogLevels, send: Follower) {
    this.levels = levels;
    this.#send = send;
  }

  /** For those who would do something only to say it. */
  isOn(area: Area, level: Level): boolean {
    return this.levels.isOn(area, level);
  }

  debug(area: Area, message: string, fields?: Fields): void {
    this.add('debug', area, message, fields);
  }

  info(area: Area, message: string, fields?: Fields): void {
    this.add('info', area, message, fields);
  }

  warning(area: Area, message: string, fields?: Fields): void {
    this.add('warning', area, message, fields);
  }

  error(area: Area, message: string, fields?: Fields): void {
    this.add('error', area, message, fields);
  }

  /** For what has lines of one kind to say, and knows nothing of levels and areas. */
  lines(level: Level, area: Area): (line: string) => void {
    return (line) => this.add(level, area, line);
  }

  add(level: Level, area: Area, message: string, fields?: Fields): void {
    if (!this.levels.isOn(area, level)) return;
    const text = printable(message, MESSAGE_MAX);
    const entry: LogEntry = { time: Date.now(), level, area, message: text };
    this.#keep(fields === undefined ? entry : { ...entry, fields: printableFields(fields) });
  }

  /** Hands on what was made in another thread. */
  pass(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#keep(entry);
  }

  #keep(entry: LogEntry): void {
    if (this.#entries.length === 0) setImmediate(() => this.flush());
    this.#entries.push(entry);
  }

  /** Has somebody see, too, all that is handed on from now on, until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  flush(): void {
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    this.#send(entries);
    for (const follower of this.#followers) follower(entries);
  }
}

function printableFields(fields: Fields): Fields {
  const all = Object.entries(fields);
  return Object.fromEntries(
    all.map(([name, value]) => [name, typeof value === 'string' ? printable(value, FIELD_MAX) : value]),
  );
}
