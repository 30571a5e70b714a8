/** Tags of users: what each lets somebody see and do here. The one place for these texts. */
import type { JSX } from 'preact';
import { CheckField } from '../../components/forms/fields.js';

const TAGS = [
  ['management', 'Signs in here, and sees and uses what is in the vhosts that the user may enter.'],
  ['policymaker', 'The same, and sets policies and parameters in these vhosts.'],
  ['monitoring', 'As management, and sees all connections and channels, the figures of the node, and the log.'],
  ['administrator', 'All of that in all vhosts, and users, vhosts, rights, limits and definitions.'],
  ['impersonator', 'May publish messages that name another user as their sender. Nothing here.'],
] as const;

const KNOWN: readonly string[] = TAGS.map(([name]) => name);

interface TagsFieldProps {
  readonly value: readonly string[];
  onChange(tags: readonly string[]): void;
}

export function TagsField({ value, onChange }: TagsFieldProps): JSX.Element {
  const others = value.filter((tag) => !KNOWN.includes(tag));
  return (
    <fieldset class="tags">
      <legend>Tags</legend>
      <p class="field-help">
        What the user may do on this page and by the HTTP API. A program that only sends and takes messages needs none.
      </p>
      {TAGS.map(([name, text]) => (
        <CheckField
          key={name}
          label={name}
          help={text}
          value={value.includes(name)}
          onChange={(isOn) => onChange(isOn ? [...value, name] : value.filter((tag) => tag !== name))}
        />
      ))}
      {others.length > 0 && <p class="field-help">Others, which stay: {others.join(', ')}.</p>}
    </fieldset>
  );
}
