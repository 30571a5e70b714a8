/** Who is signed in, and what they may see. */
import { Store } from './store.js';

export type Tag = 'management' | 'policymaker' | 'monitoring' | 'administrator';

export interface Account {
  readonly name: string;
  readonly tags: readonly string[];
}

/** Undefined: not known yet; null: nobody. */
export const account = new Store<Account | null | undefined>(undefined);

/** Whether somebody was signed in here until the session ended by itself. */
export const hasRunOut = new Store(false);

export function sessionBegan(who: Account): void {
  hasRunOut.set(false);
  account.set(who);
}

/** `isKnown`: the broker knows the session still, and says that it has run out. */
export function sessionEnded(isKnown = false): void {
  if (account.value || isKnown) hasRunOut.set(true);
  account.set(null);
}

const INCLUDED: Readonly<Record<Tag, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator'],
};

/** Whether somebody may do what a tag stands for, as the API has it. */
export function hasTag({ tags }: Account, tag: Tag): boolean {
  return INCLUDED[tag].some((one) => tags.includes(one));
}
