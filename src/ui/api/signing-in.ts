/** Begins and ends sessions. The broker keeps them: a cookie that scripts cannot read stands for one. */
import { call, get } from './client.js';
import { type Account, account, sessionBegan } from './session.js';

const SESSION = '/api/leveret/session';

/** Finds out whether a session is there already, after a reload. */
export async function resume(): Promise<void> {
  await get<Account>('/api/whoami').then(
    (who) => account.set(who),
    () => account.set(null),
  );
}

export async function signIn(username: string, password: string): Promise<void> {
  sessionBegan(await call<Account>('POST', SESSION, { username, password }));
}

/** By a token of an issuer that the broker trusts (OAuth 2). */
export async function signInByToken(token: string): Promise<void> {
  sessionBegan(await call<Account>('POST', SESSION, { token: token.trim() }));
}

/** At the issuer itself: the browser goes there, and comes back with a session, or with why there is none. */
export async function signInAtIssuer(): Promise<void> {
  const { url } = await call<{ readonly url: string }>('POST', `${SESSION}/issuer`, { page: location.href });
  location.assign(url);
}

export interface WaysIn {
  /** Whether the broker takes tokens at all. */
  readonly tokens: boolean;
  /** The issuer at which people sign in; null: at none. */
  readonly issuer: string | null;
  /** Why the last sign-in there has failed. */
  readonly trouble: string | null;
}

export function waysIn(): Promise<WaysIn> {
  return get<WaysIn>(SESSION);
}

/** Whoever has signed in at the issuer signs out there, too, and comes back. */
export async function signOut(): Promise<void> {
  const there = await call<{ readonly url: string } | undefined>('DELETE', SESSION);
  account.set(null);
  if (there !== undefined) location.assign(there.url);
}
