/** What a kind of queue asks of its messages that are elsewhere; the folder `spill`, which knows queues, answers. */
export interface SpilledMessages {
  /** What is under way with messages of a queue is over: they are where they were. Under the queue's lock. */
  abandon(queue: number): void;
  /**
   * Forgets the spilled messages of a queue once all before them are claimed; returns how many. Under the queue's lock.
   */
  dropLocked(queue: number): number;
}
