/** What has just been done, or was refused: said in a corner, and to screen readers. */
import type { JSX } from 'preact';
import { Store, useStore } from '../../api/store.js';

type Kind = 'done' | 'trouble';

interface Note {
  readonly id: number;
  readonly kind: Kind;
  readonly text: string;
}

/** How long what was done is shown (ms). Trouble stays until it is taken away. */
const SHOWN_MS = 6_000;
const NOTES_MAX = 4;

const notes = new Store<readonly Note[]>([]);
let last = 0;

export function tell(text: string, kind: Kind = 'done'): void {
  last += 1;
  const id = last;
  notes.set([...notes.value, { id, kind, text }].slice(-NOTES_MAX));
  if (kind === 'done') setTimeout(() => dismiss(id), SHOWN_MS);
}

export function tellTrouble(error: unknown): void {
  tell(error instanceof Error ? error.message : String(error), 'trouble');
}

function dismiss(id: number): void {
  notes.set(notes.value.filter((note) => note.id !== id));
}

export function Status(): JSX.Element {
  const shown = useStore(notes);
  return (
    <output class="notes">
      {shown.map(({ id, kind, text }) => (
        <p key={id} class={`note note-${kind}`}>
          <span>{text}</span>
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </output>
  );
}
