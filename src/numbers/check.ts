/**
 * Whether a module was built from the numbers that the host was built with. What must hold: none is used before that.
 *
 * This folder holds the numbers that the core, the twin and the host share, as the core's sources say them; it imports
 * nothing, and all may import it.
 */

/** Throws an error that names the first number that is another, or that the module does not have. */
export function checkNumbers(
  expected: Readonly<Record<string, number>>,
  exports: Readonly<Record<string, unknown>>,
): void {
  for (const [name, host] of Object.entries(expected)) {
    const global = exports[name];
    const core: unknown = global instanceof WebAssembly.Global ? global.value : undefined;
    if (core !== host) {
      throw new Error(`the core was built for another host: ${name} is ${core} there and ${host} here (npm run build)`);
    }
  }
}
