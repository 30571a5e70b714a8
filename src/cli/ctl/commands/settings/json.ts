/** JSON among the arguments of a command. */
import { type Cell, CtlError, EXIT } from '../../command.js';

export function jsonOf(text: string): Cell {
  try {
    return JSON.parse(text) as Cell;
  } catch {
    throw new CtlError(EXIT.UNAVAILABLE, 'JSON decoding error. Reason: badarg');
  }
}

/** An object; its fields. */
export function objectOf(text: string): Readonly<Record<string, Cell>> {
  const value = jsonOf(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, Cell>>;
  throw new CtlError(EXIT.UNAVAILABLE, 'a JSON object is needed, such as {"max-connections": 100}');
}
