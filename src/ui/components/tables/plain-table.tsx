/** A table of a few rows that are all there: no search, no paging. It scrolls sideways where there is little room. */
import type { ComponentChildren, JSX } from 'preact';

interface PlainColumn<R> {
  readonly label: ComponentChildren;
  readonly isNumber?: boolean;
  cell(row: R): ComponentChildren;
}

interface PlainTableProps<R> {
  /** What is listed. */
  readonly label: string;
  readonly rows: readonly R[];
  readonly columns: readonly PlainColumn<R>[];
  keyOf(row: R): string;
}

export function PlainTable<R>({ label, rows, columns, keyOf }: PlainTableProps<R>): JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of forms, and a section would be one landmark too many
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <div class="scroll" role="group" tabIndex={0} aria-label={`${label}: table`}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ label: head, isNumber }, at) => (
              <th key={at} scope="col" class={isNumber ? 'number' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ cell, isNumber }, at) => (
                <td key={at} class={isNumber ? 'number' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
