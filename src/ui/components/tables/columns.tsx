/** Which columns a list shows: as somebody chose them in this browser, which keeps it. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Column } from './table.js';

export interface NamedColumn<R> extends Column<R> {
  readonly label: string;
  /** Shown only where somebody has chosen it. */
  readonly isOff?: boolean;
}

interface ChosenColumns<R> {
  readonly columns: readonly NamedColumn<R>[];
  /** To choose by; a tool of the list. */
  readonly choice: JSX.Element;
}

type Chosen = Readonly<Record<string, boolean>>;

/** The first column always stays: rows go by it. `list`: what the choice is kept for. */
export function useColumns<R>(list: string, all: readonly NamedColumn<R>[]): ChosenColumns<R> {
  const [chosen, setChosen] = useState(() => kept(list));
  const isShown = ({ label, isOff = false }: NamedColumn<R>): boolean => chosen[label] ?? !isOff;
  const choose = (next: Chosen): void => {
    localStorage.setItem(keyOf(list), JSON.stringify(next));
    setChosen(next);
  };
  const [first, ...others] = all;
  return {
    columns: all.filter((column) => column === first || isShown(column)),
    choice: (
      <ColumnChoice>
        {others.map((column) => (
          <label key={column.label}>
            <input
              type="checkbox"
              checked={isShown(column)}
              onChange={({ currentTarget }) => choose({ ...chosen, [column.label]: currentTarget.checked })}
            />
            {column.label}
          </label>
        ))}
        <button type="button" class="quiet" onClick={() => choose({})}>
          As at first
        </button>
      </ColumnChoice>
    ),
  };
}

function ColumnChoice({ children }: { children: JSX.Element | readonly (JSX.Element | JSX.Element[])[] }): JSX.Element {
  const id = useId();
  return (
    <>
      <button type="button" popovertarget={id}>
        Columns
      </button>
      <fieldset id={id} popover="auto" class="beside columns-choice" aria-label="Columns to show">
        {children}
      </fieldset>
    </>
  );
}

function keyOf(list: string): string {
  return `leveret-columns-${list}`;
}

/** Whatever else may stand there counts for nothing. */
function kept(list: string): Chosen {
  try {
    const value = JSON.parse(localStorage.getItem(keyOf(list)) ?? '{}') as unknown;
    return typeof value === 'object' && value !== null ? (value as Chosen) : {};
  } catch {
    return {};
  }
}
