/** Arguments, properties and the like: names with values of any kind. */
import type { JSX } from 'preact';

interface NamedValuesProps {
  /** What they are: `Arguments`. */
  readonly label: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export function NamedValues({ label, values }: NamedValuesProps): JSX.Element {
  const entries = Object.entries(values);
  if (entries.length === 0) return <span class="soft">none</span>;
  return (
    <table class="named-values" aria-label={label}>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{valueText(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** In one line, as JSON has it; texts without quotes. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
