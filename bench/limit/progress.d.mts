/** What test/bench knows of it. */
export function faultCount(): number;
