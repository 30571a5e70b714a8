/** What must never happen has. */
export class Fault extends Error {}
