/** Forms about users: a new one, tags, password. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go, href } from '../../api/route.js';
import { Dialog } from '../../components/forms/dialog.js';
import { CheckField, ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { tell } from '../../components/page/status.js';
import { useVhosts } from '../../components/tables/vhost-choice.js';
import { ALL_NAMES, addUser, setPassword, setPermission, setTags, type User } from './access.js';
import { TagsField } from './tags.js';

export function AddUser({ onClose }: { onClose(): void }): JSX.Element {
  const [name, setName] = useState('');
  const [password, choose] = usePassword();
  const [tags, setOwnTags] = useState<readonly string[]>([]);
  const vhosts = useVhosts();
  const [vhost, setVhost] = useState(NOWHERE);
  const submit = async (): Promise<void> => {
    await addUser(name, password.value, tags);
    if (vhost !== NOWHERE) await setPermission({ ...ALL_NAMES, user: name, vhost: vhost.slice(1) });
    tell(`User ${name} added`);
    // A dialog that is still open would stay above the next page.
    onClose();
    go(href('admin', 'users', name));
  };
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <Form verb="Add user" submit={submit} onCancel={onClose} isWrong={password.isWrong}>
        <TextField label="Name" value={name} onInput={setName} isRequired isFirst />
        <PasswordFields {...choose} />
        <ChoiceField
          label="All rights in"
          help="Fewer, and rights in other vhosts, are given on the user's own page."
          value={vhost}
          onChange={setVhost}
          options={[[NOWHERE, 'no vhost yet'], ...vhosts.map((one) => [`=${one}`, one] as const)]}
        />
        <TagsField value={tags} onChange={setOwnTags} />
      </Form>
    </Dialog>
  );
}

/** No vhost: those that there are have a sign before them. */
const NOWHERE = '';

interface UserFormProps {
  readonly user: User;
  onClose(): void;
  onDone(): void;
}

export function ChangeTags({ user, onClose, onDone }: UserFormProps): JSX.Element {
  const [tags, setOwnTags] = useState(user.tags);
  const submit = async (): Promise<void> => {
    await setTags(user, tags);
    tell(`Tags of ${user.name} changed`);
    onDone();
  };
  return (
    <Dialog title={`Tags of ${user.name}`} onClose={onClose}>
      <Form verb="Save tags" submit={submit} onCancel={onClose}>
        <TagsField value={tags} onChange={setOwnTags} />
      </Form>
    </Dialog>
  );
}

export function ChangePassword({ user, onClose, onDone }: UserFormProps): JSX.Element {
  const [password, choose] = usePassword();
  const submit = async (): Promise<void> => {
    await setPassword(user, password.value);
    tell(password.value === null ? `${user.name} has no password now` : `Password of ${user.name} changed`);
    onDone();
  };
  return (
    <Dialog title={`Password of ${user.name}`} onClose={onClose}>
      <Form verb="Save password" submit={submit} onCancel={onClose} isWrong={password.isWrong}>
        <p class="field-help">It counts at the next login: who is connected stays so.</p>
        <PasswordFields {...choose} />
      </Form>
    </Dialog>
  );
}

interface Chosen {
  /** Null: none. */
  readonly value: string | null;
  readonly isWrong: boolean;
}

interface PasswordFieldsProps {
  readonly first: string;
  setFirst(text: string): void;
  readonly second: string;
  setSecond(text: string): void;
  readonly isNone: boolean;
  setNone(isNone: boolean): void;
}

function usePassword(): [Chosen, PasswordFieldsProps] {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [isNone, setNone] = useState(false);
  const chosen = { value: isNone ? null : first, isWrong: !isNone && first !== second };
  return [chosen, { first, setFirst, second, setSecond, isNone, setNone }];
}

function PasswordFields(props: PasswordFieldsProps): JSX.Element {
  const { first, setFirst, second, setSecond, isNone, setNone } = props;
  return (
    <>
      {!isNone && (
        <div class="fields">
          <TextField
            label="Password"
            type="password"
            value={first}
            onInput={setFirst}
            autocomplete="new-password"
            isRequired
          />
          <TextField
            label="Password again"
            type="password"
            value={second}
            onInput={setSecond}
            autocomplete="new-password"
            isRequired
            error={second !== '' && second !== first ? 'This is not the same password.' : undefined}
          />
        </div>
      )}
      <CheckField
        label="No password"
        help="Nobody can log in with a password: for users that come by a certificate, or not at all for now."
        value={isNone}
        onChange={setNone}
      />
    </>
  );
}
