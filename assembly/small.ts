/**
 * The exports of core.small.wasm: those of assembly/index.ts without the log, messages that are elsewhere, looking at
 * messages where they stand, and statistics; and of the numbers those that a host of these needs.
 */
export * from './exports/numbers';
export * from './exports/participant';
export * from './exports/queues';
export * from './exports/dead-letters';
export * from './exports/connections';
export * from './exports/publishing';
export * from './exports/new-messages';
export * from './exports/messages';
export * from './exports/consuming';
export * from './exports/output';
