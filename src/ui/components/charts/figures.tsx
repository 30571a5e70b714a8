/** What a chart shows, as a table: for who wants to read it. */
import type { JSX } from 'preact';
import { clock } from '../../text/format.js';

export interface Line {
  readonly label: string;
  /** One value for each moment; null: not known. */
  readonly values: readonly (number | null)[];
}

export interface Figured {
  readonly title: string;
  /** Moments (ms), the oldest first. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  format(value: number | null | undefined): string;
}

/** So many moments are listed. */
const LISTED = 20;

export function Figures({ title, times, lines, format }: Figured): JSX.Element {
  const step = Math.max(1, Math.ceil(times.length / LISTED));
  const shown = times.map((_, at) => at).filter((at) => (times.length - 1 - at) % step === 0);
  return (
    <table aria-label={title}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {lines.map(({ label }) => (
            <th key={label} scope="col" class="number">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.reverse().map((at) => (
          <tr key={times[at]}>
            <th scope="row">{clock(times[at] ?? 0)}</th>
            {lines.map(({ label, values }) => (
              <td key={label} class="number">
                {format(values[at])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
