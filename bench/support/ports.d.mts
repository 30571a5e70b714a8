/** What tests have of ports. */
/** One that stays free until its program listens there, or does so again; another one each time. */
export function freePort(): Promise<number>;
