/**
 * Parameters that concern no vhost: what tools keep in the broker, which means nothing to it, but for the cluster's
 * name. What must hold: a value is JSON; there are so many of so much that they fit any answer.
 */
import { fitsName } from '../requests/names.js';

export interface GlobalParameter {
  readonly name: string;
  /** As JSON. */
  readonly value: string;
}

/** What tools know the broker by. */
export const CLUSTER_NAME = 'cluster_name';

const COUNT_MAX = 1_000;
/** Characters. */
const VALUE_MAX = 64 * 1024;

export class GlobalParameters {
  readonly #values = new Map<string, string>();

  /** Returns why it cannot be, or null. */
  set(parameter: GlobalParameter): string | null {
    const { name, value } = parameter;
    const error = globalParameterError(parameter);
    if (error !== null) return error;
    if (!this.#values.has(name) && this.#values.size === COUNT_MAX) return `there are ${COUNT_MAX} of them already`;
    this.#values.set(name, value);
    return null;
  }

  /** False when there is none. */
  clear(name: string): boolean {
    return this.#values.delete(name);
  }

  /** In the order of their names. */
  list(): GlobalParameter[] {
    return [...this.#values]
      .map(([name, value]) => ({ name, value }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }
}

/** Why there cannot be such a parameter; null: there can. */
export function globalParameterError({ name, value }: GlobalParameter): string | null {
  if (!fitsName(name) || name === '') return 'a name is 1 to 255 octets long';
  if (value.length > VALUE_MAX) return `a value is at most ${VALUE_MAX} characters of JSON long`;
  if (!isJson(value)) return 'a value must be JSON';
  return name !== CLUSTER_NAME || typeof JSON.parse(value) === 'string' ? null : `${CLUSTER_NAME} must be a text`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
