/** How far back charts look. */
import type { JSX } from 'preact';
import { FIRST_SPAN, SPANS, type Span } from './history.js';

export function SpanChoice({ span, choose }: { span: Span; choose(span: Span): void }): JSX.Element {
  return (
    <select
      class="short"
      aria-label="How far back charts look"
      value={span.name}
      onChange={({ currentTarget }) => choose(SPANS.find(({ name }) => name === currentTarget.value) ?? FIRST_SPAN)}
    >
      {SPANS.map(({ name }) => (
        <option key={name} value={name}>
          Last {name}
        </option>
      ))}
    </select>
  );
}
