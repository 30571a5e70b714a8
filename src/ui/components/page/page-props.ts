/** What each page is given. */
import type { Account } from '../../api/session.js';

export interface PageProps {
  /** The parts of its path that stand for something, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly account: Account;
}
