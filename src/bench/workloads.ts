/**
 * What brokers are put under. Data only. Messages in flight are capped where nothing else does, so that the length of
 * the queue is not what is measured.
 */
export interface Workload {
  readonly title: string;
  /** So many producers, and as many consumers, on one queue. */
  readonly clients: number;
  /** Octets of a body. */
  readonly size: number;
  readonly prefetch: number;
  /** Publishes of a producer that may wait for their confirms; null: no confirms. */
  readonly confirms: number | null;
  /** Persistent, confirmed when it is on the disk. */
  readonly isDurable: boolean;
  readonly inFlightMax: number | null;
}

const KILOBYTE = { size: 1024, prefetch: 100, inFlightMax: 20_000 } as const;
const TRANSIENT = { confirms: null, isDurable: false } as const;

export const WORKLOADS: readonly Workload[] = [
  { title: '20 x 20, 1 KB', clients: 20, ...KILOBYTE, ...TRANSIENT },
  { title: '1 x 1, 1 KB', clients: 1, ...KILOBYTE, ...TRANSIENT },
  { title: '1 x 1, 64 KB', clients: 1, size: 65536, prefetch: 100, inFlightMax: 500, ...TRANSIENT },
  { title: '20 x 20, 1 KB, durable, confirms', clients: 20, ...KILOBYTE, confirms: 100, isDurable: true },
  { title: '1 x 1, 1 KB, durable, one at a time', clients: 1, ...KILOBYTE, confirms: 1, isDurable: true },
];
