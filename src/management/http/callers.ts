/**
 * On whose behalf something is done while a request is answered, whatever it waits for meanwhile: who is told of a change
 * hears who has made it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** The user who calls; nothing, outside of a request. */
export const callers = new AsyncLocalStorage<string>();
