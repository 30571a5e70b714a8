/**
 * The replicated stream that a cluster's log goes through, whoever keeps it: messages with sequences from 1 on, which a
 * majority of servers has on disk when they are accepted. One handle is one node's way to it. It carries octets; what
 * they mean is src/cluster/records.
 *
 * What must hold of every implementation:
 * - Each message has one sequence; sequences have no gaps. What was accepted is there for every later reader, unless
 *   it is purged, or the stream has lost what it promised to keep (it has gone back).
 * - An append is accepted only where the last sequence is the one that it expects. That is a comparison of numbers:
 *   what stands at that sequence may be another writer's. So of two appends in flight the first can be refused and
 *   the second accepted, behind what another has written. Who writes finds that out (stream-writer.ts), and who reads
 *   tells what counts by the chain of hashes (src/cluster/records).
 * - Appends of one handle reach the stream in the order in which they were made, or not at all. Their answers may come
 *   in any order.
 * - Accepted is certain. Refused is certain for this append: it is not there and never will be. What it was refused
 *   for may itself still be lost. Unknown says nothing: it may be there, or may come to be there at any later time.
 * - What a read has found is there. That it is missing, and what `info` says, is what the server knew that answered:
 *   one that was cut off and still believes that it leads may say what was true before.
 * - A tail tells messages in the order of their sequences, without gap and without one twice, from the one asked for
 *   on, over reconnects. It may be late, as long as a server that is cut off serves it.
 * - An answer comes once for each question, never before the call has returned, and none behind `close`. Callbacks
 *   must not throw.
 * - Octets that were given to a stream, or came from one, are never written to again: they may be under way for longer
 *   than an answer takes, and other readers may have the same.
 */
import type { StreamError } from './stream-error.js';

/** The question may have been heard, and what was asked for may be done. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly error: StreamError;
}

export type AppendAnswer =
  | { readonly kind: 'accepted'; readonly sequence: number }
  /** The last sequence is not the expected one: it is lower where what was appended before is not there. */
  | { readonly kind: 'refused'; readonly last: number }
  | Unknown;

export type ReadAnswer =
  | { readonly kind: 'found'; readonly octets: Uint8Array }
  /** It is purged, or not yet there. */
  | { readonly kind: 'missing' }
  | Unknown;

export interface StreamMessage {
  readonly sequence: number;
  readonly octets: Uint8Array;
}

export type RangeAnswer = { readonly kind: 'read'; readonly messages: readonly StreamMessage[] } | Unknown;

/** A server that keeps the stream. */
export interface Replica {
  readonly server: string;
  /** It is there, and has all that the leader has. */
  readonly isCurrent: boolean;
}

export interface StreamInfo {
  /** The first sequence that is kept; behind `last` where none is. */
  readonly first: number;
  /** 0: nothing was ever appended. */
  readonly last: number;
  /** Of all messages that are kept. */
  readonly octets: number;
  /** The server that leads the stream. */
  readonly leader: string | null;
  readonly replicas: readonly Replica[];
}

export type InfoAnswer = { readonly kind: 'info'; readonly info: StreamInfo } | Unknown;
export type DoneAnswer = { readonly kind: 'done' } | Unknown;

/** leaderless: the last answer was that nobody leads the stream. disconnected: no server can be reached. */
export type StreamState = 'connected' | 'leaderless' | 'disconnected' | 'closed';

export interface TailReader {
  onMessage(sequence: number, octets: Uint8Array): void;
  /** The tail ends, because what comes next is purged (`purged`), or may not be read (`denied`). */
  onEnd(error: StreamError): void;
}

export interface Tail {
  /** Nothing more is told until `resume`. What is kept meanwhile is bounded. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface LogStream {
  readonly state: StreamState;
  /** The server that this handle is connected to. */
  readonly server: string | null;
  /** Octets that a message may have. A longer one is a RangeError. */
  readonly messageOctetsMax: number;

  append(octets: Uint8Array, expected: number, answer: (answer: AppendAnswer) => void): void;
  /** Asks the stream's leader for one message. */
  read(sequence: number, answer: (answer: ReadAnswer) => void): void;
  /**
   * Reads messages in a row, those that are there of `from` to `to`: at least one of them, and no further ones when
   * they have `octetsMax` together. None: `from` is not there. Any replica may answer.
   */
  readRange(from: number, to: number, octetsMax: number, answer: (answer: RangeAnswer) => void): void;
  tail(from: number, reader: TailReader): Tail;
  /** Asks the stream's leader. */
  info(answer: (answer: InfoAnswer) => void): void;
  /** Lets go of all messages up to this one, and of it. */
  purge(upTo: number, answer: (answer: DoneAnswer) => void): void;
  /** Has the stream's leader give way, to this server if it can follow; null: to any. Done: another one leads. */
  moveLeader(to: string | null, answer: (answer: DoneAnswer) => void): void;
  /** Called whenever the state has changed; one listener. */
  onState(listener: (state: StreamState) => void): void;
  close(): Promise<void>;
}
