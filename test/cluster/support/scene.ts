/**
 * Where the behaviours of a stream are shown: an empty stream of some kind, handles of nodes, and what can happen to
 * it.
 */
import type { LogStream } from '../../../src/cluster/stream/log-stream.js';
import type { Clock } from '../../../src/platform/clock.js';

export interface Scene {
  readonly clock: Clock;
  connect(node: string): Promise<LogStream>;
  /** The promise's outcome; time goes on until it is there. */
  until<T>(what: string, promise: Promise<T>): Promise<T>;
  /**
   * The stream's leader is gone, without a word; one comes by and by. What it has of appends that wait is left open.
   */
  loseLeader(): Promise<void>;
  /** What this handle is connected to is gone, without a word; it may connect to another. */
  loseConnection(stream: LogStream): Promise<void>;
  /** What was lost is there again. */
  restore(): Promise<void>;
}

export interface StreamKind {
  readonly name: string;
  /** A stream of its own, empty. */
  open(): Promise<Scene>;
}
