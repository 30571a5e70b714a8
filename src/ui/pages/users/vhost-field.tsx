/** A choice of one vhost; where there is but one, it is told. */
import type { JSX } from 'preact';
import { ChoiceField } from '../../components/forms/fields.js';

interface VhostFieldProps {
  readonly value: string;
  readonly vhosts: readonly string[];
  onChange(vhost: string): void;
}

export function VhostField({ value, vhosts, onChange }: VhostFieldProps): JSX.Element {
  if (vhosts.length <= 1)
    return (
      <p>
        In vhost <strong>{value}</strong>
      </p>
    );
  return (
    <ChoiceField
      label="Vhost"
      value={value}
      onChange={onChange}
      options={vhosts.map((vhost) => [vhost, vhost] as const)}
    />
  );
}
