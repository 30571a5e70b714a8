/** A term, with a button that explains it where it stands. */
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { GLOSSARY, type TermName } from '../../text/glossary.js';

export function Term({ name, children }: { name: TermName; children?: ComponentChildren }): JSX.Element {
  const id = useId();
  return (
    <span class="term">
      {children ?? name}
      <button type="button" class="term-button" popovertarget={id} aria-label={`What is: ${name}?`}>
        ?
      </button>
      <span id={id} popover="auto" class="beside term-text" role="note">
        <strong>{name}</strong> {GLOSSARY[name]}
      </span>
    </span>
  );
}
