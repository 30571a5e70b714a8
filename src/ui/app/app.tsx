/** The page as a whole: the sign-in, or what whoever is signed in may see. */
import type { JSX } from 'preact';
import { account } from '../api/session.js';
import { useStore } from '../api/store.js';
import { Loading } from '../components/page/parts.js';
import { Frame } from './frame.js';
import { SignIn } from './sign-in.js';

export function App(): JSX.Element {
  const who = useStore(account);
  if (who === undefined) return <Loading />;
  return who === null ? <SignIn /> : <Frame account={who} />;
}
