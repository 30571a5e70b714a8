/** Signing in: by user and password, or, where the broker takes them, by a token of an issuer (OAuth 2). */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signIn, signInByToken, takesTokens } from '../api/signing-in.js';
import { AreaField, TextField } from '../components/forms/fields.js';
import { Form } from '../components/forms/form.js';
import { Mark } from './frame.js';

export function SignIn(): JSX.Element {
  const [hasTokens, setHasTokens] = useState(false);
  const [byToken, setByToken] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Leveret';
    // A broker that cannot be reached is told of where somebody signs in.
    takesTokens().then(setHasTokens, () => {});
  }, []);
  return (
    <main class="sign-in">
      <h1>
        <Mark /> Leveret
      </h1>
      {byToken ? <ByToken /> : <ByPassword />}
      {hasTokens && (
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
