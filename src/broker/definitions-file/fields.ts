/**
 * A file's objects, field by field. What must hold: whatever is wrong is told with its place in the file and what would
 * be right, in one line; what is secret is not shown.
 */
import { fitsName } from '../requests/names.js';

/** A file of definitions cannot be imported. The message says where and why. */
export class DefinitionsError extends Error {
  override readonly name = 'DefinitionsError';

  /** `place`: such as `queues[3].name`; '' is the file itself. */
  constructor(
    readonly place: string,
    readonly reason: string,
  ) {
    super(`${place} ${reason}`.trimStart());
  }
}

/** So many faults are told of a file; what follows is rarely read. */
const FAULTS_MAX = 100;

/** What is wrong with a file that is only looked at: all of it is found, not the first alone. */
export class Faults {
  readonly found: DefinitionsError[] = [];
  /** Those that are not in `found`. */
  untold = 0;

  add(fault: DefinitionsError): void {
    if (this.found.length < FAULTS_MAX) this.found.push(fault);
    else this.untold += 1;
  }
}

/** So much is shown of a wrong value (characters). */
const SHOWN = 60;

export class Fields {
  readonly place: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #faults: Faults | null;

  /** `faults`: where those of lists are noted; null: the first one is thrown. */
  constructor(place: string, value: unknown, faults: Faults | null = null) {
    this.place = place;
    this.#faults = faults;
    if (!isObject(value)) throw new DefinitionsError(place === '' ? 'the file' : place, mustBe('an object', value));
    this.#values = value;
  }

  names(): string[] {
    return Object.keys(this.#values);
  }

  /** Undefined where it is missing, or null. */
  value(name: string): unknown {
    return (Object.hasOwn(this.#values, name) ? this.#values[name] : undefined) ?? undefined;
  }

  placeOf(name: string): string {
    return this.place === '' ? name : `${this.place}.${name}`;
  }

  fail(name: string, reason: string): never {
    throw new DefinitionsError(this.placeOf(name), reason);
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.fail(name, 'is missing; it must be a text');
  }

  optionalText(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === 'string' ? value : this.fail(name, mustBe('a text', value));
  }

  /** A text that is not shown. */
  secret(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === 'string' ? value : this.fail(name, 'must be a text');
  }

  /** The name of something. */
  resource(name: string): string {
    const text = this.text(name);
    return fitsName(text) ? text : this.fail(name, 'must be a name of at most 255 octets');
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (value === undefined) return false;
    return typeof value === 'boolean' ? value : this.fail(name, mustBe('true or false', value));
  }

  optionalInteger(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    return Number.isSafeInteger(value) ? (value as number) : this.fail(name, mustBe('a whole number', value));
  }

  /** What an object holds, as it is; RabbitMQ writes one that holds nothing as `[]`, too. */
  record(name: string): Readonly<Record<string, unknown>> {
    const value = this.value(name);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return {};
    return isObject(value) ? value : this.fail(name, mustBe('an object', value));
  }

  object(name: string): Fields {
    const value = this.value(name);
    return value === undefined
      ? this.fail(name, 'is missing; it must be an object')
      : new Fields(this.placeOf(name), value);
  }

  /** What is read of each object of a list: nothing where it is missing; null is no list. */
  each<T>(name: string, read: (fields: Fields) => readonly T[]): T[] {
    return this.#items(name).flatMap((item, index) =>
      this.#attempt(() => read(new Fields(`${this.placeOf(name)}[${index}]`, item))),
    );
  }

  #items(name: string): readonly unknown[] {
    if (!Object.hasOwn(this.#values, name)) return [];
    const value = this.#values[name];
    return Array.isArray(value) ? value : this.#attempt(() => this.fail(name, mustBe('a list', value)));
  }

  #attempt<T>(read: () => readonly T[]): readonly T[] {
    try {
      return read();
    } catch (error) {
      if (this.#faults === null || !(error instanceof DefinitionsError)) throw error;
      this.#faults.add(error);
      return [];
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function mustBe(expected: string, value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return `must be ${expected}, not ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}`;
}
