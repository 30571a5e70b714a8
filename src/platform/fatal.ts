/**
 * The one way out of a defect, in each of the broker threads: a rejected promise that nobody waits for, an exception
 * that nobody catches, a trap of the core. Each of these leaves what threads share in a state that nobody knows, so the
 * thread says once why (whoever started it takes it from there) and the broker ends. What must hold: the first defect
 * counts; what comes after it is its consequence.
 */

/** Told of the first defect; null: nobody takes it, as in a program that uses a part of the broker alone. */
let wayOut: ((error: Error) => void) | null = null;
let isOver = false;

/** A defect: the broker cannot go on. To be given to each promise that nobody waits for. */
export function fatal(error: unknown): void {
  if (isOver) return;
  const reason = error instanceof Error ? error : new Error(String(error));
  if (wayOut === null) {
    // As an exception that nobody catches, whatever called this.
    setImmediate(() => {
      throw reason;
    });
    return;
  }
  isOver = true;
  wayOut(reason);
}

/** This thread belongs to a broker: `take` gets its first defect, be it one that nobody catches. */
export function takeDefects(take: (error: Error) => void): void {
  wayOut = take;
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
}

/** What comes from now on is a consequence: the broker is ending by a defect of another thread. */
export function endTaking(): void {
  isOver = true;
}

/** Whether an error is the system's, as of a file that cannot be written: that can be tried again, and is no defect. */
export function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/**
 * Whether an error tells of a mistake in the code: what is read may be damaged, which is told by errors of other kinds,
 * but never makes one of these.
 */
export function isMistake(error: unknown): boolean {
  return MISTAKES.some((kind) => error instanceof kind);
}

const MISTAKES = [TypeError, RangeError, ReferenceError, WebAssembly.RuntimeError];

/** An error on its way to another thread, which would lose what kind it is. */
export interface ErrorInWords {
  readonly message: string;
  readonly stack: string;
}

export function inWords(error: unknown): ErrorInWords {
  if (!(error instanceof Error)) return { message: String(error), stack: String(error) };
  return { message: error.message, stack: error.stack ?? error.message };
}
