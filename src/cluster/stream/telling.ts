/**
 * What one node of a cluster tells all others, beside the stream. What must hold: nothing is promised. What is told may
 * be lost, late, or come out of order, and who tells may hear itself.
 */
export interface Telling {
  tell(octets: Uint8Array): void;
  /** One listener. */
  onTold(listener: (octets: Uint8Array) => void): void;
  close(): Promise<void>;
}
