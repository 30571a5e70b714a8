/** Small parts of pages: the page itself with its heading, sections, badges, alarms, empty places, figures, buttons. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { tellTrouble } from './status.js';

interface PageProps {
  readonly title: string;
  /** Beside the heading: buttons. */
  readonly actions?: ComponentChildren;
  /** Above the heading: where this page belongs. */
  readonly above?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, actions, above, children }: PageProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Leveret`;
  }, [title]);
  return (
    <article class="page">
      {above !== undefined && (
        <nav aria-label="Where this belongs" class="above">
          {above}
        </nav>
      )}
      <header class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

export function Section({
  title,
  actions,
  children,
}: {
  readonly title: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="section">
      <header class="section-head">
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** Something that is wrong, and what to do about it. */
export function Notice({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice notice-${tone}`}>
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  );
}

/** Where nothing is yet: says what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Loading(): JSX.Element {
  return <p class="loading">Loading…</p>;
}

export function Trouble({ error }: { error: Error }): JSX.Element {
  return (
    <Notice tone="bad" title="The broker refused this">
      {error.message}
    </Notice>
  );
}

/** What may be wider than the window: it scrolls by itself, by keyboard too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: else the keyboard could not scroll it
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** Names with their values. */
export function Facts({ children }: { children: ComponentChildren }): JSX.Element {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: ComponentChildren; children: ComponentChildren }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface ActionProps {
  /** Rejects with why it was not done, which is told. */
  run(): Promise<void>;
  readonly children: ComponentChildren;
  readonly tone?: 'plain' | 'primary' | 'danger';
  readonly isDisabled?: boolean;
}

/** A button that does something by the API. */
export function Action({ run, children, tone = 'plain', isDisabled = false }: ActionProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const onClick = async (): Promise<void> => {
    setBusy(true);
    await run().catch(tellTrouble);
    setBusy(false);
  };
  return (
    <button type="button" class={tone} disabled={isBusy || isDisabled} onClick={onClick}>
      {children}
    </button>
  );
}
