/** Narrows a list to one vhost. What was chosen stands in the address. */
import type { JSX } from 'preact';
import { usePolled } from '../../api/polling.js';
import { note, usePlace } from '../../api/route.js';

/** How often one looks whether there are others (ms). */
const EVERY_MS = 30_000;

/** Empty: all that there are. */
export function useVhost(): string {
  return usePlace().query.get('vhost') ?? '';
}

/** Those that whoever is signed in may see. */
export function useVhosts(): readonly string[] {
  const { data = [] } = usePolled<readonly { readonly name: string }[]>('/api/vhosts?columns=name', EVERY_MS);
  return data.map(({ name }) => name);
}

/** Nothing, where there is nothing to choose. */
export function VhostChoice(): JSX.Element | null {
  const vhosts = useVhosts();
  const chosen = useVhost();
  if (vhosts.length < 2 && chosen === '') return null;
  const all = vhosts.includes(chosen) || chosen === '' ? vhosts : [...vhosts, chosen];
  return (
    <select
      class="narrow"
      aria-label="Vhost"
      value={chosen}
      onChange={({ currentTarget }) => note({ vhost: currentTarget.value })}
    >
      <option value="">All vhosts</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
