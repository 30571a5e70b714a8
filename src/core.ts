/**
 * What a program sees that embeds the core alone, in any runtime that has WebAssembly: its binaries, a loader, and the
 * numbers that both sides share. docs/embedding.md says in which order what is called, by whom, and what a trap means.
 * What must hold: nothing that is imported here needs Node.
 */

export { DeadLetterReason } from './engine/dead-letters.js';
export { Content, type Engine, Limit, type SharedCore, type SmallEngine, Stop } from './engine/engine.js';
export { RouteFlag } from './engine/publishing.js';
export { NO_FEATURES, Overflow, type QueueFeatures } from './engine/queue-features.js';
export type { Channel, Connection, Consumer, CounterList, Message, Queue } from './engine/references.js';
export { Counter, QueueCounter } from './engine/statistics.js';
export type { CoreFunctions } from './engine/wasm/exports.js';
export { createWasmCore as shareCore } from './engine/wasm/shared-memory.js';
export { type Core, instantiateCore } from './engine/wasm/wasm-core.js';
export {
  openAlone as openCore,
  openSmall as openSmallCore,
  openWasmEngine as joinCore,
} from './engine/wasm/wasm-engine.js';
/** The layout: each number that the core shares with its host, as the core's sources say it. */
export * as layout from './numbers/core.js';
/** What the log's records look like. */
export * as records from './numbers/log.js';

/** Where the core without threads lies, which brings a memory of its own and runs wherever WebAssembly does. */
export const CORE = new URL('./core.wasm', import.meta.url);
/** The same without the log, messages that are elsewhere, browsing and statistics (`openSmallCore`). */
export const SMALL_CORE = new URL('./core.small.wasm', import.meta.url);
/** Where the core lies whose participants share a memory, each in a thread. */
export const CORE_WITH_THREADS = new URL('./core.threads.wasm', import.meta.url);
