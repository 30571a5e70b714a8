/**
 * Where somebody stands who looks through a queue: `PRIORITY:POSITION`. Positions belong to messages as long as they are
 * in their queue, so that pages join whatever moves meanwhile. They wrap at 2^32; after a restart others count.
 */
import { badRequest } from '../http/errors.js';

export interface Cursor {
  readonly priority: number;
  /** Null: the first of the priority. */
  readonly position: number | null;
}

export function cursorText({ priority, position }: Cursor): string {
  return position === null ? `${priority}` : `${priority}:${position}`;
}

/** Throws the answer to a text that is none. */
export function cursorOf(text: string): Cursor {
  const [, priority, position] = /^(\d{1,3})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (priority === undefined || Number(priority) > 255 || Number(position ?? 0) >= 2 ** 32)
    throw badRequest(`from must be what an answer before has said as next, not ${text}`);
  return { priority: Number(priority), position: position === undefined ? null : Number(position) };
}
