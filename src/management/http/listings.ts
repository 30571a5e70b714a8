/**
 * How lists are cut to what was asked for, as RabbitMQ does it: `name` and `use_regex` filter, `sort` and `sort_reverse`
 * order, `page` and `page_size` cut, `columns` choose fields (`message_stats.publish` is a field of a field). What must
 * hold: a wrong parameter is refused before anything is listed.
 */
import { NamePattern, patternError } from '../../broker/access/name-pattern.js';
import { badRequest, HttpError } from './errors.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** What the query of a listing may ask for. */
export interface ListQuery {
  readonly name?: string;
  readonly use_regex?: string;
  readonly sort?: string;
  readonly sort_reverse?: string;
  readonly page?: string;
  readonly page_size?: string;
  readonly columns?: string;
}

export interface Page {
  readonly filtered_count: number;
  readonly item_count: number;
  readonly items: readonly JsonObject[];
  readonly page: number;
  readonly page_count: number;
  readonly page_size: number;
  readonly total_count: number;
}

const PAGE_SIZE = 100;
const PAGE_SIZE_MAX = 500;

/**
 * The list, or a page of it. `complete` adds what takes long to gather: it is asked of all only if they are sorted by
 * what is not there without it.
 */
export function listed(
  all: readonly JsonObject[],
  query: ListQuery,
  complete: (item: JsonObject) => JsonObject = (item) => item,
): readonly JsonObject[] | Page {
  const wanted = cutOf(query);
  const filtered = query.name === undefined || query.name === '' ? all : all.filter(nameFilter(query));
  const first = filtered[0];
  const isKnown = first === undefined || query.sort === undefined || valueAt(first, query.sort) !== undefined;
  const sorted = inOrder(isKnown ? filtered : filtered.map(complete), query);
  const shown = (item: JsonObject): JsonObject => withColumns(isKnown ? complete(item) : item, query.columns);
  if (wanted === null) return sorted.map(shown);
  const { page, size } = wanted;
  const pageCount = Math.max(1, Math.ceil(sorted.length / size));
  if (page > pageCount)
    throw new HttpError(
      400,
      'page_out_of_range',
      `Page out of range, page: ${page} page size: ${size}, len: ${sorted.length}`,
    );
  const items = sorted.slice((page - 1) * size, page * size).map(shown);
  return {
    filtered_count: sorted.length,
    item_count: items.length,
    items,
    page,
    page_count: pageCount,
    page_size: size,
    total_count: all.length,
  };
}

/** One item with the columns that were asked for. */
export function withColumns(item: JsonObject, columns: string | undefined): JsonObject {
  if (columns === undefined || columns === '') return item;
  const chosen: Record<string, Json> = {};
  for (const column of columns.split(',')) {
    const value = valueAt(item, column);
    if (value !== undefined) place(chosen, column.split('.'), value);
  }
  return chosen;
}

function place(into: Record<string, Json>, [first = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  const inner = { ...(into[first] as JsonObject | undefined) } as Record<string, Json>;
  place(inner, rest, value);
  into[first] = inner;
}

function valueAt(item: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = item;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const fields: JsonObject = value as JsonObject;
    value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  }
  return value;
}

function nameFilter({ name = '', use_regex: isRegex }: ListQuery): (item: JsonObject) => boolean {
  if (isRegex === 'true') {
    const pattern = patternOf(name);
    return (item) => pattern.matches(nameOf(item));
  }
  const part = name.toLowerCase();
  return (item) => nameOf(item).toLowerCase().includes(part);
}

function nameOf({ name }: { readonly name?: Json }): string {
  return typeof name === 'string' ? name : '';
}

function patternOf(text: string): NamePattern {
  const error = patternError(text);
  if (error !== null) throw badRequest(`name is no regular expression: ${error}`);
  return new NamePattern(text);
}

function inOrder(items: readonly JsonObject[], { sort, sort_reverse: reverse }: ListQuery): readonly JsonObject[] {
  if (sort === undefined || sort === '') return items;
  const sign = reverse === 'true' ? -1 : 1;
  return items.toSorted((one, other) => sign * compare(valueAt(one, sort), valueAt(other, sort)));
}

/** Fields that are not there, or are null, come first. */
function compare(one: Json | undefined, other: Json | undefined): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [a, b] = [text(one), text(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}

interface Cut {
  readonly page: number;
  readonly size: number;
}

/** Null: all is asked for. */
function cutOf({ page, page_size: size }: ListQuery): Cut | null {
  if (page === undefined) return null;
  const cut = { page: whole(page), size: size === undefined ? PAGE_SIZE : whole(size) };
  if (cut.page >= 1 && cut.size >= 1 && cut.size <= PAGE_SIZE_MAX) return cut;
  const reason = `Invalid pagination parameters: page number ${page}, page size ${size}`;
  throw new HttpError(400, 'invalid_pagination_parameters', reason);
}

function whole(given: string): number {
  if (/^-?\d{1,9}$/.test(given)) return Number(given);
  throw badRequest('Pagination parameters are invalid');
}
