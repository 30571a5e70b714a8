/** Signing in: by user and password, by a token of an issuer (OAuth 2), or at the issuer itself. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { hasRunOut } from '../api/session.js';
import { signIn, signInAtIssuer, signInByToken, type WaysIn, waysIn } from '../api/signing-in.js';
import { useStore } from '../api/store.js';
import { AreaField, TextField } from '../components/forms/fields.js';
import { Form } from '../components/forms/form.js';
import { Notice } from '../components/page/parts.js';
import { Mark } from './frame.js';

export function SignIn(): JSX.Element {
  const [ways, setWays] = useState<WaysIn | null>(null);
  const [byToken, setByToken] = useState(false);
  const isAgain = useStore(hasRunOut);
  useEffect(() => {
    document.title = 'Sign in · Leveret';
    // A broker that cannot be reached is told of where somebody signs in.
    waysIn().then(setWays, () => {});
  }, []);
  return (
    <main class="sign-in">
      <h1>
        <Mark /> Leveret
      </h1>
      {isAgain && (
        <div role="alert">
          <Notice tone="warn" title="Your session ran out">
            Sign in again: you come back to the same page.
          </Notice>
        </div>
      )}
      {ways !== null && ways.trouble !== null && (
        <div role="alert">
          <Notice tone="bad" title="You are not signed in">
            {ways.trouble}
          </Notice>
        </div>
      )}
      {ways !== null && ways.issuer !== null && (
        <Form verb={`Sign in at ${ways.issuer}`} submit={signInAtIssuer}>
          <p class="field-help">You come back here as whom you are known there.</p>
        </Form>
      )}
      {byToken ? <ByToken /> : <ByPassword />}
      {ways?.tokens === true && (
        <button type="button" class="quiet" onClick={() => setByToken(!byToken)}>
          {byToken ? 'Sign in by user and password' : 'Sign in by a token (OAuth 2)'}
        </button>
      )}
    </main>
  );
}

function ByPassword(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  return (
    <>
      <Form verb="Sign in" submit={() => signIn(name, password)}>
        <TextField label="User" value={name} onInput={setName} autocomplete="username" isRequired isFirst />
        <TextField
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
        />
      </Form>
      <p class="field-help">
        A new broker has the user <code>guest</code> with the password <code>guest</code>, from the same machine only.
      </p>
    </>
  );
}

function ByToken(): JSX.Element {
  const [token, setToken] = useState('');
  return (
    <Form verb="Sign in" submit={() => signInByToken(token)} isWrong={token.trim() === ''}>
      <AreaField
        label="Token"
        help="A JWT of the issuer that this broker trusts. What you may see its scopes say; at its end you are signed out."
        value={token}
        onInput={setToken}
      />
    </Form>
  );
}
