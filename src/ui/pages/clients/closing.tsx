/** Ends connections, with a reason that their programs are told. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, call, headerText, pathOf } from '../../api/client.js';
import { type Account, hasTag } from '../../api/session.js';
import { confirmed } from '../../components/forms/dialog.js';
import { TextField } from '../../components/forms/fields.js';
import type { Connection } from './rows.js';

/** What a program is told where nobody says anything else. */
const USUAL_REASON = 'Closed by an operator';

let reason = USUAL_REASON;

/** Everybody may end the own ones. */
export function mayClose(account: Account, user: string): boolean {
  return account.name === user || hasTag(account, 'administrator');
}

/** What is said before one, or several, are ended: it asks for the reason as well. */
export function Closing({ several }: { several: boolean }): JSX.Element {
  const [text, setText] = useState(USUAL_REASON);
  reason = text;
  return (
    <>
      <p>
        {several ? 'Their programs are' : 'Its program is'} told so, and most connect anew at once. What was not
        acknowledged goes back to its queues; exclusive queues are deleted.
      </p>
      <br />
      <TextField label="Reason" help="The program is told it, and its log says it." value={text} onInput={setText} />
    </>
  );
}

/** By the reason that was entered last. One that has ended by itself meanwhile is no trouble. */
export async function close({ name }: Pick<Connection, 'name'>): Promise<void> {
  const headers = { 'x-reason': headerText(reason.trim() === '' ? USUAL_REASON : reason) };
  await call('DELETE', pathOf('/api/connections', name), undefined, undefined, headers).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  });
}

/** Whether it was done. */
export async function closeOne(connection: Pick<Connection, 'name'>): Promise<boolean> {
  const question = { title: 'Close this connection?', verb: 'Close it', isDestructive: true } as const;
  if (!(await confirmed({ ...question, text: <Closing several={false} /> }))) return false;
  await close(connection);
  return true;
}
