/** What must never happen has. */
export class Fault extends Error {}

/** What is said of a participant that has not done its work. */
export const IDLE = 'has done nothing';
