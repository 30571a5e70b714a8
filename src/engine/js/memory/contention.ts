/**
 * How often this thread found a lock held. Added to a participant's counters once a turn; a thread has one participant,
 * but in tests.
 */
export const contention = { waits: 0, sleeps: 0 };
