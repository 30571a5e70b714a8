/** What is done to several rows at once. What must hold: each that was refused is told, in the API's words. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { inWords } from '../../api/client.js';
import { counted } from '../../text/format.js';
import { confirmed } from '../forms/dialog.js';
import { tell } from '../page/status.js';

export interface BulkAction<R> {
  /** What the button says: `Delete`. */
  readonly verb: string;
  /** Said when it is done: `deleted`. */
  readonly done: string;
  /** What will happen; asked before, where it cannot be taken back. */
  readonly warning?: (rows: readonly R[]) => ComponentChildren;
  /** Whether whoever looks may do it to a row; none: to all. */
  readonly mayRun?: (row: R) => boolean;
  run(row: R): Promise<unknown>;
}

/** So many calls are under way at once. */
const AT_ONCE = 6;

interface BulkProps<R> {
  readonly actions: readonly BulkAction<R>[];
  readonly rows: readonly R[];
  onDone(): void;
}

export function BulkBar<R>({ actions, rows, onDone }: BulkProps<R>): JSX.Element {
  const [progress, setProgress] = useState<number | null>(null);
  const run = async ({ verb, done, warning, run: act }: BulkAction<R>): Promise<void> => {
    const title = `${verb} ${counted(rows.length, 'row')}?`;
    if (warning !== undefined && !(await confirmed({ title, text: warning(rows), verb, isDestructive: true }))) return;
    setProgress(0);
    const left = [...rows];
    const refusals: string[] = [];
    const work = async (): Promise<void> => {
      for (let row = left.pop(); row !== undefined; row = left.pop()) {
        await act(row).catch((error: unknown) => refusals.push(inWords(error)));
        setProgress(rows.length - left.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    setProgress(null);
    const [first] = refusals;
    if (first === undefined) tell(`${counted(rows.length, 'row')} ${done}`);
    else tell(`${rows.length - refusals.length} ${done}, ${refusals.length} refused: ${first}`, 'trouble');
    onDone();
  };
  const allowed = actions.filter(({ mayRun }) => mayRun === undefined || rows.every(mayRun));
  return (
    <section class="bulk" aria-label="With those chosen">
      <span>{progress === null ? `${counted(rows.length, 'row')} chosen` : `${progress} of ${rows.length}…`}</span>
      {allowed.length === 0 && <span class="soft">Not all of them are yours: choose fewer.</span>}
      {allowed.map((action) => (
        <button
          key={action.verb}
          type="button"
          class={action.warning === undefined ? '' : 'danger'}
          disabled={progress !== null}
          onClick={() => run(action)}
        >
          {action.verb}
        </button>
      ))}
    </section>
  );
}
