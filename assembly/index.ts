/**
 * The core's exports: all that a host needs, and no more, a file for each role of the host's `Engine`. Addresses are
 * references; 0 means none (no memory).
 *
 * Results beyond a return value stand in the participant's page (`participantAddress`), where `RESULT_…` of
 * exports/numbers.ts say.
 */
export * from './exports/numbers';
export * from './exports/further-numbers';
export * from './exports/participant';
export * from './exports/queues';
export * from './exports/dead-letters';
export * from './exports/log';
export * from './exports/spill';
export * from './exports/browsing';
export * from './exports/connections';
export * from './exports/publishing';
export * from './exports/new-messages';
export * from './exports/messages';
export * from './exports/consuming';
export * from './exports/output';
export * from './exports/statistics';
