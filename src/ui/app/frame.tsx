/** What is around each page: the navigation, who is signed in, whether the broker is there; and the page itself. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { ApiError, inWords } from '../api/client.js';
import { usePolled } from '../api/polling.js';
import { isAway } from '../api/reach.js';
import { usePlace } from '../api/route.js';
import { type Account, hasTag, sessionEnded, account as signedIn } from '../api/session.js';
import { signOut } from '../api/signing-in.js';
import { useStore } from '../api/store.js';
import { Confirmation } from '../components/forms/dialog.js';
import type { PageProps } from '../components/page/page-props.js';
import { Empty, Loading, Notice, Page } from '../components/page/parts.js';
import { Status, tellTrouble } from '../components/page/status.js';
import { PAGES, type PageEntry, pageAt } from './pages.js';
import { ThemeSwitch } from './theme.js';

export function Frame({ account }: { account: Account }): JSX.Element {
  const { path, query } = usePlace();
  const found = pageAt(path);
  useTags(account);
  // Before anything is painted: later it would take the focus from where somebody has gone meanwhile.
  useLayoutEffect(() => {
    // Whoever has followed a link reads on at the new heading; on the first page nothing is taken from the browser.
    if (document.activeElement !== document.body) document.querySelector<HTMLElement>('h1')?.focus();
    scrollTo(0, 0);
  }, [path]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('h1')?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/" aria-label="Leveret: overview">
          <Mark />
          <span>Leveret</span>
        </a>
        <nav class="nav" aria-label="Pages">
          <ul>
            {PAGES.filter(({ nav, tag }) => nav !== null && hasTag(account, tag)).map((entry) => (
              <li key={entry.path}>
                <a href={`#${entry.path}`} aria-current={isWithin(path, entry) ? 'page' : undefined}>
                  {entry.nav}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <ThemeSwitch />
          <span class="who-name" title={account.tags.join(', ')}>
            {account.name}
          </span>
          <button type="button" class="quiet" onClick={() => signOut().catch(tellTrouble)}>
            Sign out
          </button>
        </div>
      </header>
      <AwayBanner />
      <main id="content">
        {found === null ? (
          <Page title="No such page">
            <Empty title="There is no page at this address.">
              <p>
                <a href="#/">Go to the overview</a>
              </p>
            </Empty>
          </Page>
        ) : hasTag(account, found.entry.tag) ? (
          <LoadedPage key={path} entry={found.entry} params={found.params} query={query} account={account} />
        ) : (
          <Page title="Not for this user">
            <Empty title={`This page is for users with the tag ${found.entry.tag}.`}>
              <p>
                An administrator can give it to you: {account.name} has {account.tags.join(', ')}.
              </p>
            </Empty>
          </Page>
        )}
      </main>
      <Status />
      <Confirmation />
    </>
  );
}

/** What is given to somebody, or taken from them, counts at once: so the page shows it. */
function useTags(account: Account): void {
  const { data, error } = usePolled<Account>('/api/whoami');
  useEffect(() => {
    if (data !== undefined && data.tags.join() !== account.tags.join()) signedIn.set(data);
  }, [data, account]);
  useEffect(() => {
    if (error instanceof ApiError && error.status === 401) sessionEnded();
  }, [error]);
}

function isWithin(path: string, { path: of }: PageEntry): boolean {
  return of === '/' ? path === '/' : path === of || path.startsWith(`${of}/`);
}

function LoadedPage({ entry, ...props }: { entry: PageEntry } & PageProps): JSX.Element {
  const [loaded, setLoaded] = useState<ComponentType<PageProps> | Error | null>(null);
  useEffect(() => {
    entry.load().then(
      (module) => setLoaded(() => module.default),
      (error: unknown) => setLoaded(new Error(inWords(error))),
    );
  }, [entry]);
  if (loaded === null) return <Loading />;
  if (loaded instanceof Error)
    return (
      <Notice tone="bad" title="This page could not be loaded">
        Reload it: the broker may have been upgraded meanwhile.
      </Notice>
    );
  const Loaded = loaded;
  return <Loaded {...props} />;
}

function AwayBanner(): JSX.Element {
  const away = useStore(isAway);
  return (
    <div role="alert" class="away" hidden={!away}>
      {away && 'The broker cannot be reached. What is shown is as it was; this page goes on by itself when it is back.'}
    </div>
  );
}

export function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <path
        fill="currentColor"
        d="M10 2c2 0 4 5 4 10l2 .2c.6-5 2.6-10 4.600-10 2.400 0 1.800 7-.6 11.400C23.400 15.600 25 18.400 25 21.600 25 27 21 30 15.500 30S6 27 6 21.800c0-3.400 1.800-6.200 4.400-7.800C8 9.500 7.600 2 10 2z"
      />
    </svg>
  );
}
