/**
 * What a replicated log and the thread that has the stream say to each other, over a port for each log. What must hold:
 * both sides speak in order, and each batch is answered once, in order, or all that are left by `fenced`.
 */

/** A batch on its way into the stream. */
export interface SentBatch {
  readonly messages: number;
  readonly messageOctets: number;
  /** Where the log's numbering goes on behind it. */
  readonly nextMessage: number;
  /** Its records, stamped for no seed. Whoever has them owns them: they are transferred, there and back. */
  readonly records: Uint8Array<ArrayBuffer>;
}

export type FromLane =
  | { readonly kind: 'append'; readonly batch: SentBatch }
  /** So many more batches that are certain are synced in the log's own files. */
  | { readonly kind: 'written'; readonly batches: number };

export type ToLane =
  /** The first batch that was not answered is certain; here are its records again. */
  | { readonly kind: 'certain'; readonly records: Uint8Array<ArrayBuffer> }
  /** The stream gives no answer, or (null) does again. */
  | { readonly kind: 'trouble'; readonly text: string | null }
  /** Another node leads. Nothing becomes certain any more. */
  | { readonly kind: 'fenced'; readonly text: string };

/** A port as both ends use it: of node:worker_threads, or a pair in one thread. */
export interface LanePort<Out, In> {
  postMessage(message: Out, transfer: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: In) => void): unknown;
  close(): void;
}
