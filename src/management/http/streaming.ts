/**
 * Answers that are sent while they are made. What must hold: text is made as fast as it is read, so that an answer takes
 * little memory however long it is; whoever goes away, or reads nothing for long, ends the work.
 */
import { Readable } from 'node:stream';
import { Abandoned, Turns } from './turns.js';

/** Text that is at least this long is sent by itself (characters). */
export const CHUNK = 16_384;

/** How long nothing of an answer may be read (ms). */
const UNREAD_MS = 60_000;

/** Short parts as text that is worth sending, in turns. */
export async function* inChunks(parts: Iterable<string>, turns: Turns): AsyncIterable<string> {
  let text = '';
  for (const part of parts) {
    text += part;
    if (turns.isOver) await turns.next();
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** JSON that a route answers by; `parts` makes it. */
export class StreamedJson {
  readonly #parts: (turns: Turns) => AsyncIterable<string>;

  constructor(parts: (turns: Turns) => AsyncIterable<string>) {
    this.#parts = parts;
  }

  /** Begins. `fail` hears of a defect: the answer ends in the middle then, and says so by that. */
  open(fail: (error: unknown) => void): Readable {
    const turns = new Turns(() => !stream.destroyed);
    const read = async function* (parts: AsyncIterable<string>): AsyncIterable<string> {
      try {
        for await (const part of parts) {
          yield part;
          deadline.refresh();
        }
      } catch (error) {
        if (!(error instanceof Abandoned)) fail(error);
        throw error;
      }
    };
    const stream = Readable.from(read(this.#parts(turns)), { objectMode: false, highWaterMark: CHUNK });
    const deadline = setTimeout(() => stream.destroy(), UNREAD_MS).unref();
    stream.once('close', () => clearTimeout(deadline));
    return stream;
  }
}
