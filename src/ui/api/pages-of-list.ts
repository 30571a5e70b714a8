/**
 * A long list, in the pages that are looked at: the API sorts it, searches it and cuts it. What must hold: only what is
 * seen is asked for, and what was shown stays until it is replaced.
 */
import { useCallback, useState } from 'preact/hooks';
import { ApiError, AwayError, get, type Query, withQuery } from './client.js';
import { EVERY_MS, useRepeated } from './polling.js';

const PAGE_SIZE = 100;
/** The most that the API gives at once. */
const PAGE_SIZE_MAX = 500;

interface Answer<R> {
  readonly items: readonly R[];
  readonly filtered_count: number;
  readonly total_count: number;
}

export interface PagedList<R> {
  /** How many fit what is looked for; undefined: not known yet. */
  readonly found: number | undefined;
  /** How many there are. */
  readonly total: number;
  readonly error: Error | null;
  /** Undefined: it is still to come. */
  row(index: number): R | undefined;
  reload(): void;
}

interface State<R> {
  readonly address: string;
  readonly pages: ReadonlyMap<number, readonly R[]>;
  readonly found: number | undefined;
  readonly total: number;
  readonly error: Error | null;
}

/** `first` and `end`: the rows that are seen. */
export function usePagesOfList<R>(path: string, query: Query, first: number, end: number): PagedList<R> {
  const address = withQuery(path, query);
  const nothing: State<R> = { address, pages: new Map(), found: undefined, total: 0, error: null };
  const [state, setState] = useState<State<R>>(nothing);
  const current = state.address === address ? state : { ...nothing, found: state.found, total: state.total };
  const from = Math.floor(first / PAGE_SIZE) + 1;
  const to = Math.max(from, Math.ceil(end / PAGE_SIZE));
  const load = useCallback(
    async (signal: AbortSignal) => {
      const take = async (page: number): Promise<number> => {
        const answer = await get<Answer<R>>(withQuery(path, { ...query, page, page_size: PAGE_SIZE }), signal);
        setState((last) => {
          const before = last.address === address ? last.pages : new Map<number, readonly R[]>();
          // What is far away is forgotten, and asked for anew when somebody comes there.
          const near = [...before].filter(([number]) => number >= from - 3 && number <= to + 3);
          const pages = new Map([...near, [page, answer.items]]);
          return { address, pages, found: answer.filtered_count, total: answer.total_count, error: null };
        });
        return answer.filtered_count;
      };
      try {
        for (let page = from; page <= to; page++) if (page * PAGE_SIZE >= (await take(page))) return;
      } catch (error) {
        if (signal.aborted || error instanceof AwayError) return;
        // The list has become shorter meanwhile: its first page says how long it is.
        const isShorter = error instanceof ApiError && error.code === 'page_out_of_range' && from > 1;
        const trouble = isShorter
          ? await take(1).then(
              () => null,
              (again: Error) => again,
            )
          : (error as Error);
        if (trouble !== null && !signal.aborted)
          setState((last) => ({ ...nothing, ...(last.address === address ? last : {}), error: trouble }));
      }
    },
    // The query is in the address.
    [address, from, to],
  );
  const reload = useRepeated(load, EVERY_MS);
  return {
    found: current.found,
    total: current.total,
    error: current.error,
    row: (index) => current.pages.get(Math.floor(index / PAGE_SIZE) + 1)?.[index % PAGE_SIZE],
    reload,
  };
}

/** All that fits, with the columns that name it. */
export async function wholeList<R>(path: string, query: Query): Promise<readonly R[]> {
  const all: R[] = [];
  for (let page = 1; ; page++) {
    const { items, filtered_count: found } = await get<Answer<R>>(
      withQuery(path, { ...query, page, page_size: PAGE_SIZE_MAX }),
    );
    all.push(...items);
    if (items.length === 0 || page * PAGE_SIZE_MAX >= found) return all;
  }
}
