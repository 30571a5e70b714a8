/** All definitions in one file: out of the broker, and into it. */
import type { JSX } from 'preact';
import { usePolled } from '../../api/polling.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Page } from '../../components/page/parts.js';
import { Export } from './export.js';
import { Import } from './import.js';

/** How often one looks whether there are other vhosts (ms). */
const EVERY_MS = 30_000;

export default function DefinitionsPage({ account }: PageProps): JSX.Element {
  const { data = [] } = usePolled<readonly { readonly name: string }[]>('/api/vhosts?columns=name', EVERY_MS);
  const vhosts = data.map(({ name }) => name);
  return (
    <Page title="Definitions" above={<AdminNav account={account} at="/admin/definitions" />}>
      <Export vhosts={vhosts} />
      <Import vhosts={vhosts} />
    </Page>
  );
}
