/**
 * What each participant of a core is: its memory, its clock, its place in the topology, and how it runs, sleeps and is
 * rung. Any participant calls these.
 */

export type EngineKind = 'wasm' | 'js';

/** What memory is given out in, in the core's order. */
export const UNIT_KINDS = ['segments', 'pages', 'cells', 'boxes'] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/** What a participant needs to join: structured-cloneable, handed to worker threads as it is. */
export interface SharedCore {
  readonly kind: EngineKind;
  readonly buffer: SharedArrayBuffer;
  /** The WebAssembly memory and compiled module; absent for the JavaScript twin. */
  readonly memory?: WebAssembly.Memory;
  readonly module?: WebAssembly.Module;
  /** Worker threads; participants are 0 … workers, the coordinator being number `workers`. */
  readonly workers: number;
}

export interface Participant {
  readonly kind: EngineKind;
  /** The whole shared memory. */
  readonly bytes: Uint8Array;
  /** Where this worker's sockets read into: `readLength` bytes at `readOffset`. */
  readonly readOffset: number;
  readonly readLength: number;
  /** Work done by all calls so far, in enqueues or what takes about as long; 32 bits, it wraps. */
  readonly work: number;
  /** Bytes that are in use by segments, pages and boxes (not those that are free again). */
  memoryUsed(): number;
  /** How many units of memory of a kind are in use. */
  unitsUsed(kind: UnitKind): number;
  /**
   * Bytes that nobody has ever needed or that are free again as a whole: what messages and everything else may still
   * take. Fewer than a third of all ring the coordinator.
   */
  memoryFree(): number;
  /**
   * From now on this participant keeps so many bytes of the memory from everybody: for what is remembered elsewhere and
   * counts towards the same bound. False: messages cannot spare them, or they would be more than a quarter of all; then
   * nothing has changed.
   */
  setAside(bytes: number): boolean;
  /**
   * Sets this participant's clock (ms since the Unix epoch, as `Date.now`): what arrives is stamped with it, what is
   * too old by it dies. `micros` tells of less than a millisecond (`micros` in latency.ts).
   */
  setTime(now: number, micros?: number): void;
  /**
   * Coordinator: makes every worker drain its port before it scans another read. Call it after the change is posted.
   * Returns the new epoch.
   */
  raiseTopology(): number;
  /** The current epoch. A worker reads it, drains its port, then calls `applyTopology` with it. */
  topologyEpoch(): number;
  /** Worker: everything posted up to `epoch` has been applied. Forgets all cached routes. */
  applyTopology(epoch: number): void;
  /** Lets ready consumers pull, in turn, in bounded batches. True: there is more to do in a later turn. */
  serve(): boolean;
  /**
   * Says that this worker is about to wait for events; false when there is work (then call `serve` again): another
   * worker has just left it some, or a box that was `written` since the last `serve` lets consumers go on.
   */
  sleep(): boolean;
  /** Says that this worker is running (call it first in every turn). */
  wake(): void;
  /**
   * Resolves when another participant rings (work for a consumer of ours, or memory that became free). Arm it once, and
   * again after each ring.
   */
  doorbell(): Promise<void>;
}
