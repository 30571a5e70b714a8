/** Where the administration begins: what there is to set, as far as whoever looks may. */
import type { JSX } from 'preact';
import { pagesFor } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Page } from '../../components/page/parts.js';

export default function AdminPage({ account }: PageProps): JSX.Element {
  return (
    <Page title="Admin">
      <ul class="cards">
        {pagesFor(account).map(({ path, name, text }) => (
          <li key={path} class="section">
            <h2>
              <a href={`#${path}`}>{name}</a>
            </h2>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </Page>
  );
}
