/** Parts of a page, one of which is shown; which one stands in the address. Arrows go from tab to tab. */
import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { note, usePlace } from '../../api/route.js';

export interface Tab {
  /** As the address has it. */
  readonly name: string;
  readonly label: string;
  draw(): ComponentChildren;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }): JSX.Element {
  const { query } = usePlace();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    tabs.findIndex(({ name }) => name === query.get('tab')),
  );
  const shown = tabs[at];
  const choose = (index: number): void => {
    const next = (index + tabs.length) % tabs.length;
    note({ tab: next === 0 ? '' : (tabs[next]?.name ?? '') });
    list.current?.querySelectorAll('button')[next]?.focus();
  };
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    if (key === 'ArrowRight') choose(at + 1);
    if (key === 'ArrowLeft') choose(at - 1);
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab, index) => (
          <button
            key={tab.name}
            id={`${id}-${tab.name}`}
            type="button"
            role="tab"
            aria-selected={index === at}
            aria-controls={index === at ? `${id}-panel` : undefined}
            tabIndex={index === at ? 0 : -1}
            onClick={() => choose(index)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {shown !== undefined && (
        <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${shown.name}`} class="page">
          {shown.draw()}
        </div>
      )}
    </>
  );
}
