/**
 * How core.wasm and core.small.wasm are compiled. A step of the compiler's can be named in its arguments only, and not
 * in a file of its configuration.
 */
const CONFIGURED = ['--config', 'asconfig.json', '--target', 'single'];
export const CORE_BUILD = [...CONFIGURED, '--transform', './assembly/fewer-copies.mjs'];
const SMALL = ['--config', 'assembly/small.asconfig.json'];
export const SMALL_CORE_BUILD = [...SMALL, '--transform', './assembly/one-copy.mjs'];
