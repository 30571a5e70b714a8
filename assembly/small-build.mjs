/** How core.wasm is compiled. A step of the compiler's can be named in its arguments only, and not in asconfig.json. */
const CONFIGURED = ['--config', 'asconfig.json', '--target', 'single'];
export const SMALL_BUILD = [...CONFIGURED, '--transform', './assembly/fewer-copies.mjs'];
