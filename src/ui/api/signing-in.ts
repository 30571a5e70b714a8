/** Begins and ends sessions. The broker keeps them: a cookie that scripts cannot read stands for one. */
import { call, get } from './client.js';
import { type Account, account } from './session.js';

const SESSION = '/api/leveret/session';

/** Finds out whether a session is there already, after a reload. */
export async function resume(): Promise<void> {
  await get<Account>('/api/whoami').then(
    (who) => account.set(who),
    () => account.set(null),
  );
}

export async function signIn(username: string, password: string): Promise<void> {
  account.set(await call<Account>('POST', SESSION, { username, password }));
}

/** By a token of an issuer that the broker trusts (OAuth 2). */
export async function signInByToken(token: string): Promise<void> {
  account.set(await call<Account>('POST', SESSION, { token: token.trim() }));
}

/** Whether the broker takes tokens at all. */
export async function takesTokens(): Promise<boolean> {
  return (await get<{ readonly tokens: boolean }>(SESSION)).tokens;
}

export async function signOut(): Promise<void> {
  await call('DELETE', SESSION);
  account.set(null);
}
