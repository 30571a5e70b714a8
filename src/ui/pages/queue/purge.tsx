/** Asks how much of a queue is to be thrown away, and does it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, withQuery } from '../../api/client.js';
import { Dialog } from '../../components/forms/dialog.js';
import { TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { tell } from '../../components/page/status.js';
import { count } from '../../text/format.js';

interface PurgeProps {
  readonly name: string;
  /** Of the queue. */
  readonly path: string;
  readonly ready: number;
  onClose(): void;
  onDone(): void;
}

export function Purge({ name, path, ready, onClose, onDone }: PurgeProps): JSX.Element {
  const [first, setFirst] = useState('');
  const isWrong = first !== '' && !/^[1-9]\d{0,8}$/.test(first);
  const submit = async (): Promise<void> => {
    await call('DELETE', withQuery(`${path}/contents`, { count: first }));
    tell(first === '' ? `queue ${name} is empty` : `the first ${count(Number(first))} of queue ${name} are gone`);
    onDone();
  };
  return (
    <Dialog title={`Purge ${name}?`} onClose={onClose}>
      <Form verb="Purge" submit={submit} isWrong={isWrong} onCancel={onClose} isDestructive>
        <p>What is ready (now {count(ready)}) is lost. This cannot be taken back.</p>
        <TextField
          label="Only the first"
          value={first}
          onInput={setFirst}
          help="So many messages; nothing: all that are ready."
          error={isWrong ? 'This must be a whole number from 1 on.' : undefined}
        />
      </Form>
    </Dialog>
  );
}
