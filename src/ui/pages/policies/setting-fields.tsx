/** The settings of a policy: each can be switched on, is explained, and says what is wrong with its value. */
import type { JSX } from 'preact';
import { CheckField, ChoiceField, TextField } from '../../components/forms/fields.js';
import { duration, octets } from '../../text/format.js';
import type { Setting } from './settings.js';

/** As they are typed, by key. */
export type Values = Readonly<Record<string, string>>;

interface SettingFieldsProps {
  readonly settings: readonly Setting[];
  readonly values: Values;
  onChange(values: Values): void;
}

export function SettingFields({ settings, values, onChange }: SettingFieldsProps): JSX.Element {
  return (
    <fieldset class="settings">
      <legend>What it sets</legend>
      {settings.map((setting) => (
        <SettingField
          key={setting.key}
          setting={setting}
          value={values[setting.key]}
          onChange={(value) => {
            const { [setting.key]: _, ...others } = values;
            onChange(value === undefined ? others : { ...others, [setting.key]: value });
          }}
        />
      ))}
    </fieldset>
  );
}

interface SettingFieldProps {
  readonly setting: Setting;
  /** Undefined: it is not set. */
  readonly value: string | undefined;
  onChange(value: string | undefined): void;
}

function SettingField({ setting, value, onChange }: SettingFieldProps): JSX.Element {
  const start = setting.kind === 'choice' ? (setting.choices[0]?.[0] ?? '') : '';
  return (
    <div class="setting">
      <CheckField
        label={<code>{setting.key}</code>}
        help={setting.help}
        value={value !== undefined}
        onChange={(isOn) => onChange(isOn ? start : undefined)}
      />
      {value !== undefined && setting.kind === 'choice' && (
        <ChoiceField label={`Value of ${setting.key}`} value={value} onChange={onChange} options={setting.choices} />
      )}
      {value !== undefined && setting.kind !== 'choice' && (
        <TextField
          label={`Value of ${setting.key}`}
          value={value}
          onInput={onChange}
          help={inWords(setting, value)}
          error={wrong(setting, value)}
        />
      )}
    </div>
  );
}

function inWords(setting: Setting, value: string): string | undefined {
  if (setting.kind !== 'number') return undefined;
  const isRight = value !== '' && wrong(setting, value) === undefined;
  if (setting.unit === 'ms') return `Milliseconds${isRight ? `: ${duration(Number(value))}` : ''}`;
  if (setting.unit === 'octets') return `Octets${isRight ? `: ${octets(Number(value))}` : ''}`;
  return undefined;
}

/** Undefined: the value will do, as far as can be seen here. */
function wrong(setting: Setting, value: string): string | undefined {
  if (setting.kind !== 'number') return undefined;
  const number = Number(value);
  const isRight = /^\d{1,15}$/.test(value) && number >= setting.least;
  return isRight || value === '' ? undefined : `A whole number, ${setting.least} or more.`;
}

/** Null: something is missing or wrong. */
export function definitionOf(settings: readonly Setting[], values: Values): Record<string, string | number> | null {
  const definition: Record<string, string | number> = {};
  for (const setting of settings) {
    const value = values[setting.key];
    if (value === undefined) continue;
    if (setting.kind === 'number' && (value === '' || wrong(setting, value) !== undefined)) return null;
    definition[setting.key] = setting.kind === 'number' ? Number(value) : value;
  }
  return Object.keys(definition).length === 0 ? null : definition;
}
