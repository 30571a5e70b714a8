/**
 * The fields of a request's body. What must hold: a field that is missing or of another type is refused by one line
 * that names it and says what would do.
 */
import { badRequest } from './errors.js';

/** A body, as an object; throws where it is something else. */
export class Body {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(given: unknown) {
    const body = given ?? {};
    if (typeof body !== 'object' || Array.isArray(body)) throw badRequest('the body must be a JSON object');
    this.#fields = body as Readonly<Record<string, unknown>>;
  }

  all(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  /** Undefined: it is not there, or null. */
  value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  /** Refuses a body that lacks some of these. */
  needs(...names: readonly string[]): void {
    const missing = names.filter((name) => this.value(name) === undefined);
    if (missing.length > 0) throw badRequest(`missing from the body: ${missing.join(', ')}`);
  }

  /** Numbers are taken for what they read as: old tools do not know one from the other. */
  text(name: string, standard?: string): string {
    const given = this.value(name) ?? standard;
    if (typeof given === 'string') return given;
    if (typeof given === 'number') return String(given);
    throw badRequest(given === undefined ? `missing from the body: ${name}` : `${name} must be a text`);
  }

  yesOrNo(name: string, standard: boolean): boolean {
    const given = this.value(name) ?? standard;
    if (typeof given === 'boolean') return given;
    if (given === 'true' || given === 'false') return given === 'true';
    throw badRequest(`${name} must be true or false`);
  }

  whole(name: string, standard?: number): number {
    const given = this.value(name) ?? standard;
    const number = typeof given === 'string' && given !== '' ? Number(given) : given;
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
    throw badRequest(given === undefined ? `missing from the body: ${name}` : `${name} must be a whole number`);
  }

  texts(name: string): readonly string[] {
    const given = this.value(name);
    if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given;
    throw badRequest(`${name} must be a list of texts`);
  }
}
