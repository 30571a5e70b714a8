/**
 * The page of one thing that may end while it is looked at: it is shown as it was last then, with a word about that.
 */
import type { ComponentChildren, JSX } from 'preact';
import { ApiError } from '../../api/client.js';
import type { Polled } from '../../api/polling.js';
import { Loading, Page, Trouble } from './parts.js';

interface OnePageProps<T> {
  readonly title: string;
  readonly above: ComponentChildren;
  readonly polled: Polled<T>;
  /** What can be done with it while it is there. */
  readonly actions?: (thing: T) => ComponentChildren;
  /** Where it never was. */
  readonly missing: ComponentChildren;
  /** Said above what it was last. */
  readonly gone: ComponentChildren;
  draw(thing: T, isGone: boolean): ComponentChildren;
}

export function OnePage<T>({ title, above, polled, actions, missing, gone, draw }: OnePageProps<T>): JSX.Element {
  const { data, error } = polled;
  const isGone = error instanceof ApiError && error.status === 404;
  if (data === undefined)
    return (
      <Page title={title} above={above}>
        {isGone ? missing : error === null ? <Loading /> : <Trouble error={error} />}
      </Page>
    );
  return (
    <Page title={title} above={above} actions={!isGone && actions?.(data)}>
      {isGone ? gone : error !== null && <Trouble error={error} />}
      {draw(data, isGone)}
    </Page>
  );
}
