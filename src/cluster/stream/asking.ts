/**
 * Questions from one node of a cluster to another, beside the stream: for what is too much, or too short-lived, to
 * stand in it. What must hold: nothing is promised. A question may be lost, heard twice, or heard when nobody waits for
 * its answer any more; so may an answer.
 */
export type Asked =
  | { readonly kind: 'answered'; readonly octets: Uint8Array }
  /** Why nothing came, in words. */
  | { readonly kind: 'silent'; readonly reason: string };

export interface Asking {
  /** Octets that a question or an answer may have. */
  readonly octetsMax: number;
  /** Asks a node by its name; resolves within so many ms, and never rejects. */
  ask(node: string, question: Uint8Array, withinMs: number): Promise<Asked>;
  /** Answers what this node is asked. One answerer, which must not reject. */
  serve(answer: (question: Uint8Array) => Promise<Uint8Array>): void;
  close(): Promise<void>;
}
