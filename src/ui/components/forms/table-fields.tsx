/** Entries of a table as AMQP has them: names with typed values, as arguments and headers are entered. */
import type { JSX } from 'preact';

export type EntryType = 'text' | 'number' | 'yes or no' | 'JSON';

export interface Entry {
  readonly name: string;
  readonly type: EntryType;
  readonly value: string;
}

const TYPES: readonly EntryType[] = ['text', 'number', 'yes or no', 'JSON'];

/** Why an entry cannot be sent; undefined: it can. An entry without a name and a value is none. */
export function entryError({ name, type, value }: Entry): string | undefined {
  if (name === '') return value === '' ? undefined : 'give it a name';
  switch (type) {
    case 'text':
      return undefined;
    case 'number':
      return value.trim() !== '' && Number.isFinite(Number(value)) ? undefined : `“${value}” is no number`;
    case 'yes or no':
      return value === 'true' || value === 'false' ? undefined : 'choose true or false';
    case 'JSON':
      return jsonError(value);
  }
}

/** As the API takes them. Of two that are named alike the later counts. */
export function tableOf(entries: readonly Entry[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    entries.filter(({ name }) => name !== '').map(({ name, type, value }) => [name, sentValue(type, value)]),
  );
}

function sentValue(type: EntryType, value: string): unknown {
  switch (type) {
    case 'text':
      return value;
    case 'number':
      return Number(value);
    case 'yes or no':
      return value === 'true';
    case 'JSON':
      return JSON.parse(value) as unknown;
  }
}

function jsonError(value: string): string | undefined {
  try {
    JSON.parse(value);
    return undefined;
  } catch {
    return 'this is no JSON: a list is written ["a", 1], an object {"a": 1}';
  }
}

interface TableFieldsProps {
  /** What they are: `Arguments`. */
  readonly legend: string;
  readonly help?: string;
  readonly entries: readonly Entry[];
  readonly onChange: (entries: readonly Entry[]) => void;
  /** Names that are often meant. */
  readonly suggestions?: readonly string[];
}

/** With a row too many, for the next one. */
export function TableFields({ legend, help, entries, onChange, suggestions = [] }: TableFieldsProps): JSX.Element {
  const rows = [...entries, { name: '', type: 'text', value: '' } as const];
  const listId = `names-${legend.replaceAll(' ', '-')}`;
  const set = (at: number, change: Partial<Entry>): void => {
    const next = rows.map((row, index) => (index === at ? { ...row, ...change } : row));
    onChange(next.filter(({ name, value }, index) => index < entries.length || name !== '' || value !== ''));
  };
  return (
    <fieldset class="table-fields">
      <legend>{legend}</legend>
      {help !== undefined && <p class="field-help">{help}</p>}
      <datalist id={listId}>
        {suggestions.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {rows.map((row, at) => {
        const error = entryError(row);
        return (
          <div key={at} class={error === undefined ? 'table-field' : 'table-field field-wrong'}>
            <input
              aria-label={`${legend}: name ${at + 1}`}
              placeholder="name"
              list={listId}
              spellcheck={false}
              value={row.name}
              onInput={({ currentTarget }) => set(at, { name: currentTarget.value })}
            />
            <select
              aria-label={`${legend}: type ${at + 1}`}
              value={row.type}
              onChange={({ currentTarget }) =>
                set(at, {
                  type: currentTarget.value as EntryType,
                  value: currentTarget.value === 'yes or no' ? 'true' : '',
                })
              }
            >
              {TYPES.map((type) => (
                <option key={type}>{type}</option>
              ))}
            </select>
            <EntryValue
              row={row}
              label={`${legend}: value ${at + 1}`}
              isWrong={error !== undefined}
              set={(value) => set(at, { value })}
            />
            {at < entries.length && (
              <button
                type="button"
                class="quiet"
                aria-label={`Remove ${row.name}`}
                onClick={() => onChange(entries.filter((_, index) => index !== at))}
              >
                ×
              </button>
            )}
            {error !== undefined && (
              <p class="field-error" role="alert">
                {error}
              </p>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}

interface EntryValueProps {
  readonly row: Entry;
  readonly label: string;
  readonly isWrong: boolean;
  readonly set: (value: string) => void;
}

function EntryValue({ row: { type, value }, label, isWrong, set }: EntryValueProps): JSX.Element {
  if (type === 'yes or no')
    return (
      <select aria-label={label} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
        <option>true</option>
        <option>false</option>
      </select>
    );
  return (
    <input
      aria-label={label}
      placeholder="value"
      spellcheck={false}
      value={value}
      {...(isWrong ? { 'aria-invalid': 'true' as const } : {})}
      onInput={({ currentTarget }) => set(currentTarget.value)}
    />
  );
}
