/** What connections have to send. The worker that owns the socket calls these. */
import type { Connection } from './references.js';

export interface OutputCalls {
  /** The chunk that `nextOutput` or `takeOutput` gave out. */
  readonly outputOffset: number;
  readonly outputLength: number;
  readonly outputBox: number;
  /**
   * The next connection (its host id) with bytes to send, or −1: they lie at `outputOffset`, `outputLength`. The box is
   * in flight until `written`.
   */
  nextOutput(): number;
  /**
   * Takes what one connection has to send, in flight or not, so that the host may write frames of its own behind it.
   * False: nothing.
   */
  takeOutput(connection: Connection): boolean;
  /** The socket has taken the bytes of a box. */
  written(connection: Connection, box: number): void;
  /** True when no content is half written: only then may the host put frames of its own into the stream. */
  outputIdle(connection: Connection): boolean;
}
