/** Dialogs, by the browser's own: it keeps the focus in, ends at Escape, and gives the focus back. */
import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Store, useStore } from '../../api/store.js';

/** Where whoever has opened a dialog begins: the first field, else the first answer. */
const FIRST = 'form :is(input, select, textarea), .dialog-foot button';

interface DialogProps {
  readonly title: string;
  onClose(): void;
  readonly children: ComponentChildren;
  readonly isWide?: boolean;
}

export function Dialog({ title, onClose, children, isWide = false }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // One that has given way to another closes by itself: nobody has closed it.
  const isGone = useRef(false);
  // Before anything is painted: keys that are pressed behind the one that opens it are meant for it.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // What is asked for first: the button that closes it comes before in the order of the document.
    element?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => {
      isGone.current = true;
      element?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class={isWide ? 'wide' : ''} aria-labelledby={id} onClose={() => isGone.current || onClose()}>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

export interface Question {
  readonly title: string;
  /** What will happen. */
  readonly text: ComponentChildren;
  /** What the button says: `Delete`. */
  readonly verb: string;
  /** What cannot be taken back. */
  readonly isDestructive?: boolean;
}

const asked = new Store<{ readonly question: Question; answer(isYes: boolean): void } | null>(null);

/** Asks before something is done. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value?.answer(false);
    asked.set({
      question,
      answer: (isYes) => {
        asked.set(null);
        resolve(isYes);
      },
    });
  });
}

/** Where `confirmed` asks. */
export function Confirmation(): JSX.Element | null {
  const open = useStore(asked);
  if (open === null) return null;
  const { question, answer } = open;
  const { title, text, verb, isDestructive = false } = question;
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      <div class="dialog-body">{text}</div>
      <footer class="dialog-foot">
        <button type="button" onClick={() => answer(false)}>
          Cancel
        </button>
        <button type="button" class={isDestructive ? 'danger' : 'primary'} onClick={() => answer(true)}>
          {verb}
        </button>
      </footer>
    </Dialog>
  );
}
