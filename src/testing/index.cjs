/**
 * `leveret/testing` for `require`. Jest loads what tests require into a sandbox of each file, and knows no ES modules
 * there: this loads the package outside of it, by Node itself, and hands it the sandbox's hooks. So one broker serves all
 * files of a process. What must hold: the sandbox's own `node:module` is not asked, as its `require` is Jest's.
 */
'use strict';

const { runInThisContext } = require('node:vm');

/** ES modules can be required by Node 20.19, 22.12 and later. */
function load() {
  try {
    const { createRequire } = runInThisContext('process').getBuiltinModule('node:module');
    return createRequire(__filename)('./index.js');
  } catch (error) {
    const isOld = error.code === 'ERR_REQUIRE_ESM' || error instanceof TypeError;
    if (!isOld) throw error;
    const { node } = process.versions;
    throw new Error(`leveret/testing cannot be required by Node ${node}: use import, or Node 20.19 or 22.12 and later`);
  }
}

const testing = load();

/** The hooks are those of this sandbox, if nothing else is said. */
const withHooks =
  (use) =>
  (options = {}) =>
    use({ ...options, runner: options.runner ?? globalThis });

module.exports = {
  ...testing,
  useBroker: withHooks(testing.useBroker),
  useVhost: withHooks(testing.useVhost),
};
