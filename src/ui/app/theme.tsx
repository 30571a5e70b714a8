/** Light or dark: as the system has it, until somebody chooses. */
import type { JSX } from 'preact';
import { Store, useStore } from '../api/store.js';

type Theme = 'system' | 'light' | 'dark';
const KEY = 'leveret-theme';
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const NAMES: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };
const SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

function chosen(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

const theme = new Store<Theme>(chosen());

function apply(next: Theme): void {
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
apply(theme.value);
theme.listen(apply);

export function ThemeSwitch(): JSX.Element {
  const now = useStore(theme);
  const choose = (): void => {
    const next = NEXT[now];
    localStorage.setItem(KEY, next);
    theme.set(next);
  };
  return (
    <button
      type="button"
      class="quiet"
      title={`Colours: ${NAMES[now]}`}
      aria-label={`Colours: ${NAMES[now]}`}
      onClick={choose}
    >
      <span aria-hidden="true">{SIGNS[now]}</span>
    </button>
  );
}
