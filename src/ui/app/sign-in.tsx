/** Signing in by user and password. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signIn } from '../api/signing-in.js';
import { TextField } from '../components/fields.js';
import { Form } from '../components/form.js';
import { Mark } from './frame.js';

export function SignIn(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  useEffect(() => {
    document.title = 'Sign in · Leveret';
  }, []);
  return (
    <main class="sign-in">
      <h1>
        <Mark /> Leveret
      </h1>
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
    </main>
  );
}
