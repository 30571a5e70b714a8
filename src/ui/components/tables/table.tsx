/**
 * A list of the API: searched, sorted and cut by the broker, drawn as far as it is seen. What must hold: with ten
 * thousand rows it scrolls as with ten; all can be done by keyboard: arrows go from row to row, Enter opens one, Space
 * chooses it.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Query } from '../../api/client.js';
import { usePagesOfList, wholeList } from '../../api/pages-of-list.js';
import { note, usePlace } from '../../api/route.js';
import { count, counted } from '../../text/format.js';
import { Loading, Trouble } from '../page/parts.js';
import { type BulkAction, BulkBar } from './bulk.js';
import { ROW_HEIGHT, useVirtualRows } from './virtual-rows.js';

export interface Column<R> {
  readonly label: ComponentChildren;
  /** The API's field to sort by; none: it cannot be sorted by this. */
  readonly sort?: string;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
  /** As CSS has it. */
  readonly width?: string;
  cell(row: R): ComponentChildren;
}

export interface TableProps<R> {
  /** What is listed: `queues`. */
  readonly label: string;
  readonly path: string;
  readonly query?: Query;
  readonly columns: readonly Column<R>[];
  /** Nothing else has it. */
  keyOf(row: R): string;
  /** Where a row leads; none: nowhere. */
  readonly open?: (row: R) => string;
  readonly bulk?: readonly BulkAction<R>[];
  /** The API's fields that `keyOf`, `open` and `bulk` need. */
  readonly keyColumns?: string;
  /** Where there is none at all. */
  readonly empty: ComponentChildren;
  /** Beside the search. */
  readonly tools?: ComponentChildren;
  /** Another value has the list asked for anew. */
  readonly version?: unknown;
}

/** How long somebody may not type before it is searched (ms). */
const TYPING_MS = 200;

export function Table<R>(props: TableProps<R>): JSX.Element {
  const { label, path, columns, keyOf, open, bulk = [], empty, tools } = props;
  const { query: noted } = usePlace();
  const [name, sort, isDown] = [noted.get('name') ?? '', noted.get('sort') ?? '', noted.get('down') === '1'];
  const query: Query = { ...props.query, ...searched(name), sort, ...(isDown ? { sort_reverse: true } : {}) };
  const [total, setTotal] = useState(0);
  const { box, seen } = useVirtualRows(total);
  const list = usePagesOfList<R>(path, query, seen.first, seen.end);
  const { found = 0, reload } = list;
  useEffect(() => setTotal(found), [found]);
  const [chosen, setChosen] = useState<ReadonlyMap<string, R>>(new Map());
  const isFirstDraw = useRef(true);
  useEffect(() => {
    if (!isFirstDraw.current) reload();
    isFirstDraw.current = false;
  }, [props.version, reload]);
  const body = useRef<HTMLTableSectionElement>(null);
  const keys = useRowKeys(box, body, found, seen);
  const choose = (row: R): void => {
    const next = new Map(chosen);
    if (!next.delete(keyOf(row))) next.set(keyOf(row), row);
    setChosen(next);
  };
  const chooseAll = async (): Promise<void> => {
    if (chosen.size > 0) return setChosen(new Map());
    const all = await wholeList<R>(path, { ...query, columns: props.keyColumns ?? 'name,vhost' });
    setChosen(new Map(all.map((row) => [keyOf(row), row])));
  };
  const indexes = Array.from({ length: seen.end - seen.first }, (_, at) => seen.first + at);
  const tabbable = keys.at >= seen.first && keys.at < seen.end ? keys.at : seen.first;
  const width = columns.length + (bulk.length > 0 ? 1 : 0);
  return (
    <div class="list">
      <div class="list-tools">
        <Search label={label} value={name} />
        <span class="list-count" aria-live="polite">
          {list.found === undefined
            ? ''
            : found === list.total
              ? count(found)
              : `${count(found)} of ${count(list.total)}`}{' '}
          {label}
        </span>
        {tools}
      </div>
      {bulk.length > 0 && chosen.size > 0 && (
        <BulkBar
          actions={bulk}
          rows={[...chosen.values()]}
          onDone={() => {
            setChosen(new Map());
            reload();
          }}
        />
      )}
      {list.error !== null && <Trouble error={list.error} />}
      {list.found === undefined && list.error === null && <Loading />}
      {list.found === 0 &&
        (list.total > 0 || name !== '' ? <p class="empty">Nothing here has “{name}” in its name.</p> : empty)}
      <div class="list-box" ref={box} hidden={found === 0}>
        <table aria-label={label} aria-rowcount={found + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {bulk.length > 0 && (
                <th class="choose">
                  <input
                    type="checkbox"
                    aria-label={`Choose all ${counted(found, 'row')}`}
                    checked={chosen.size > 0 && chosen.size >= found}
                    onChange={chooseAll}
                  />
                </th>
              )}
              {columns.map((column, at) => (
                <Head key={at} column={column} sort={sort} isDown={isDown} />
              ))}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={keys.onKeyDown} onFocusIn={keys.onFocusIn}>
            <Gap rows={seen.first} width={width} />
            {indexes.map((index) => {
              const row = list.row(index);
              if (row === undefined) return <Gap key={index} rows={1} width={width} />;
              const key = keyOf(row);
              const tabIndex = index === tabbable ? 0 : -1;
              return (
                <tr key={index} data-index={index} aria-rowindex={index + 2} class={chosen.has(key) ? 'chosen' : ''}>
                  {bulk.length > 0 && (
                    <td class="choose">
                      <input
                        type="checkbox"
                        tabIndex={tabIndex}
                        aria-label={`Choose ${key}`}
                        checked={chosen.has(key)}
                        onChange={() => choose(row)}
                      />
                    </td>
                  )}
                  {columns.map((column, at) => (
                    <td key={at} class={classesOf(column)}>
                      {at === 0 && open !== undefined ? (
                        <a href={open(row)} tabIndex={tabIndex} data-row>
                          {column.cell(row)}
                        </a>
                      ) : (
                        column.cell(row)
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
            <Gap rows={found - seen.end} width={width} />
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** A part of the name, or, between slashes, a regular expression. */
function searched(text: string): Query {
  const pattern = /^\/(.+)\/$/.exec(text)?.[1];
  return pattern === undefined ? { name: text } : { name: pattern, use_regex: true };
}

function classesOf({ isNumber, isExtra }: Pick<Column<never>, 'isNumber' | 'isExtra'>): string {
  return `${isNumber ? 'number' : ''} ${isExtra ? 'extra' : ''}`;
}

function Gap({ rows, width }: { rows: number; width: number }): JSX.Element | null {
  if (rows <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row without content takes no focus
    <tr aria-hidden="true" class="gap" style={{ height: `${rows * ROW_HEIGHT}px` }}>
      <td colSpan={width} />
    </tr>
  );
}

function Head<R>({ column, sort, isDown }: { column: Column<R>; sort: string; isDown: boolean }): JSX.Element {
  const { label, sort: field, width } = column;
  const isSorted = field !== undefined && field === sort;
  const order = isSorted ? (isDown ? 'descending' : 'ascending') : undefined;
  // Numbers begin with the largest: that is what is looked for.
  const next = (): void => {
    if (!isSorted) return note({ sort: field ?? '', down: column.isNumber ? '1' : '' });
    note(isDown === (column.isNumber ?? false) ? { down: isDown ? '' : '1' } : { sort: '', down: '' });
  };
  return (
    <th scope="col" class={classesOf(column)} aria-sort={order} style={width === undefined ? {} : { width }}>
      {field === undefined ? (
        label
      ) : (
        <button type="button" class="sort" onClick={next}>
          {label}
          <span aria-hidden="true">{isSorted ? (isDown ? ' ↓' : ' ↑') : ''}</span>
        </button>
      )}
    </th>
  );
}

function Search({ label, value }: { label: string; value: string }): JSX.Element {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [typed, setTyped] = useState(value);
  // Before the next key: later it would take back what was typed meanwhile.
  useLayoutEffect(() => setTyped(value), [value]);
  const onInput = (text: string): void => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => note({ name: text }), TYPING_MS);
  };
  return (
    <input
      type="search"
      class="search"
      placeholder="Search by name, or by a /pattern/"
      aria-label={`Search ${label} by name`}
      spellcheck={false}
      value={typed}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

interface RowKeys {
  /** The row that the keyboard is at. */
  readonly at: number;
  onKeyDown(event: KeyboardEvent): void;
  onFocusIn(event: FocusEvent): void;
}

/** Arrows from row to row, whether they are drawn yet or not. */
function useRowKeys(
  box: { current: HTMLDivElement | null },
  body: { current: HTMLTableSectionElement | null },
  total: number,
  seen: { readonly first: number },
): RowKeys {
  const [at, setAt] = useState(0);
  const wanted = useRef<number | null>(null);
  // Before the next key, which goes to where the focus is.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const row = body.current?.querySelector(`tr[data-index="${wanted.current}"]`);
    const target = row?.querySelector<HTMLElement>('[data-row]') ?? row?.querySelector('input');
    if (target === null || target === undefined) return;
    wanted.current = null;
    target.focus({ preventScroll: true });
  });
  const goTo = (index: number): void => {
    const element = box.current;
    if (element === null) return;
    const next = Math.max(0, Math.min(total - 1, index));
    const top = next * ROW_HEIGHT;
    // The head covers a row's height.
    const room = element.clientHeight - 2 * ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + room) element.scrollTop = top - room;
    wanted.current = next;
    setAt(next);
  };
  const indexOf = (target: EventTarget | null): number =>
    Number((target as Element | null)?.closest('tr')?.getAttribute('data-index') ?? seen.first);
  return {
    at,
    onFocusIn: ({ target }) => setAt(indexOf(target)),
    onKeyDown: (event) => {
      const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
      const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
      const step = steps[event.key];
      const here = indexOf(event.target);
      if (step !== undefined) goTo(here + step);
      else if (event.key === 'Home') goTo(0);
      else if (event.key === 'End') goTo(total - 1);
      else if (event.key === ' ' && !(event.target instanceof HTMLInputElement))
        (event.target as Element).closest('tr')?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
      else return;
      event.preventDefault();
    },
  };
}
