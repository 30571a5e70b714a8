/** Fields of forms: each with its label, what it means, and what is wrong with what was entered, beside it. */
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface Common {
  readonly label: ComponentChildren;
  readonly help?: ComponentChildren;
  /** What is wrong with what was entered. */
  readonly error?: string | undefined;
}

interface TextProps extends Common {
  readonly value: string;
  onInput(value: string): void;
  readonly type?: 'text' | 'password' | 'number' | 'search';
  readonly isRequired?: boolean;
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly isFirst?: boolean;
  readonly suggestions?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

export function TextField(props: TextProps): JSX.Element {
  const { value, onInput, type = 'text', isRequired = false, placeholder, autocomplete = 'off', isFirst } = props;
  const { suggestions, min, max } = props;
  const list = useId();
  return (
    <Field {...props}>
      {(of) => (
        <>
          <input
            {...of}
            // The types want one kind of field: these all take the same.
            type={type as 'text'}
            {...(suggestions === undefined ? {} : { list })}
            value={value}
            required={isRequired}
            placeholder={placeholder}
            autocomplete={autocomplete}
            spellcheck={false}
            min={min}
            max={max}
            ref={isFirst ? focusOnce : null}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {suggestions !== undefined && (
            <datalist id={list}>
              {suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

function focusOnce(element: HTMLInputElement | null): void {
  element?.focus();
}

interface AreaProps extends Common {
  readonly value: string;
  onInput(value: string): void;
  readonly rows?: number;
}

export function AreaField(props: AreaProps): JSX.Element {
  const { value, onInput, rows = 5 } = props;
  return (
    <Field {...props}>
      {(of) => (
        <textarea
          {...of}
          rows={rows}
          spellcheck={false}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ChoiceProps<V extends string> extends Common {
  readonly value: V;
  onChange(value: V): void;
  /** Each with what it is called. */
  readonly options: readonly (readonly [V, string])[];
}

export function ChoiceField<V extends string>(props: ChoiceProps<V>): JSX.Element {
  const { value, onChange, options } = props;
  return (
    <Field {...props}>
      {(of) => (
        <select {...of} value={value} onChange={(event) => onChange(event.currentTarget.value as V)}>
          {options.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps extends Common {
  readonly value: boolean;
  onChange(value: boolean): void;
}

export function CheckField({ label, help, error, value, onChange }: CheckProps): JSX.Element {
  const id = useId();
  return (
    <div class="field field-check">
      <span class="check-line">
        <input
          id={id}
          type="checkbox"
          checked={value}
          aria-describedby={`${id}-help`}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <label for={id}>{label}</label>
      </span>
      <FieldNotes id={id} help={help} error={error} />
    </div>
  );
}

interface Given {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid'?: 'true';
}

/** Any control, by a function that is given what ties it to its label and notes. */
export function Field({
  label,
  help,
  error,
  children,
}: Common & { readonly children: (of: Given) => ComponentChildren }): JSX.Element {
  const id = useId();
  return (
    <div class={error ? 'field field-wrong' : 'field'}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-help`, ...(error ? { 'aria-invalid': 'true' as const } : {}) })}
      <FieldNotes id={id} help={help} error={error} />
    </div>
  );
}

function FieldNotes({ id, help, error }: Pick<Common, 'help' | 'error'> & { readonly id: string }): JSX.Element {
  return (
    <div id={`${id}-help`} class="field-notes">
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {help !== undefined && <p class="field-help">{help}</p>}
    </div>
  );
}
