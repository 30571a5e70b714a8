/** A form that does something by the API: it is busy until that is done, and says in the API's words why it was not. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { inWords } from '../../api/client.js';

interface FormProps {
  /** What the button says. */
  readonly verb: string;
  /** Rejects with why it was not done. */
  submit(): Promise<void>;
  readonly children: ComponentChildren;
  /** Something entered is wrong: the fields say what. */
  readonly isWrong?: boolean;
  /** Null: there is no way back. */
  readonly onCancel?: () => void;
  /** What cannot be taken back. */
  readonly isDestructive?: boolean;
}

export function Form({
  verb,
  submit,
  children,
  isWrong = false,
  onCancel,
  isDestructive = false,
}: FormProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy || isWrong) return;
    setBusy(true);
    setTrouble(null);
    await submit().catch((error: unknown) => setTrouble(inWords(error)));
    setBusy(false);
  };
  return (
    <form onSubmit={onSubmit} class="form">
      {children}
      {trouble !== null && (
        <p class="form-trouble" role="alert">
          {trouble}
        </p>
      )}
      <footer class="form-foot">
        {onCancel !== undefined && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class={isDestructive ? 'danger' : 'primary'} aria-disabled={isBusy || isWrong}>
          {isBusy ? `${verb}…` : verb}
        </button>
      </footer>
    </form>
  );
}
