/**
 * Bodies that pages send from forms with files (`multipart/form-data`), read as a whole. What must hold: what is no
 * such body is refused by one line.
 */
import { badRequest } from './errors.js';

/** The fields of a form; files as their text. */
export class Form {
  readonly #fields: FormData;

  private constructor(fields: FormData) {
    this.#fields = fields;
  }

  static async read(contentType: string, body: Buffer): Promise<Form> {
    try {
      return new Form(
        await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData(),
      );
    } catch {
      throw badRequest('the body is no multipart/form-data, or its boundary is not what its head says');
    }
  }

  /** Undefined: there is no such field. */
  async text(name: string): Promise<string | undefined> {
    const value = this.#fields.get(name);
    return value === null ? undefined : typeof value === 'string' ? value : value.text();
  }
}
