/**
 * How lists are cut to what was asked for, as RabbitMQ does it: `name` and `use_regex` filter, `sort` and `sort_reverse`
 * order, `page` and `page_size` cut, `columns` choose fields (`message_stats.publish` is a field of a field). What must
 * hold: a wrong parameter is refused before anything is listed; however much there is, nobody waits longer than a turn,
 * and what is long is never in memory as a whole.
 */
import { NamePattern, patternError } from '../../broker/access/name-pattern.js';
import { badRequest, HttpError } from './errors.js';
import { inOrder } from './ordering.js';
import { inChunks, StreamedJson } from './streaming.js';
import { Turns } from './turns.js';

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
/** A list that is longer is sent while it is made. */
const SHORT = PAGE_SIZE_MAX;

/** How what there is becomes what is told; null: it has gone meanwhile, and is left out. */
export interface Rows<T> {
  /** What takes no time to tell: names to filter by and, as far as it has them, fields to sort by. */
  brief(item: T): JsonObject | null;
  /** All: asked only of what is told, unless all are sorted by what is not there without it. */
  whole(item: T): JsonObject | null;
}

export type Listed = readonly JsonObject[] | Page | StreamedJson;

const AS_THEY_ARE: Rows<JsonObject> = { brief: (row) => row, whole: (row) => row };

/** Rows of which all is known at once. */
export function rowsBy<T>(row: (item: T) => JsonObject): Rows<T> {
  return { brief: row, whole: row };
}

/** A list of rows, or a page of it. */
export function listed(all: Iterable<JsonObject>, query: ListQuery): Promise<Listed> {
  return listedRows(all, query, AS_THEY_ARE);
}

/** The same of what becomes rows when it is told. `items` may come and go between turns. */
export async function listedRows<T>(items: Iterable<T>, query: ListQuery, rows: Rows<T>): Promise<Listed> {
  const cut = cutOf(query);
  const isMeant = nameFilter(query);
  const turns = new Turns();
  const all = await inTurns(items, turns);
  const choose = async (inTime: Turns): Promise<readonly T[]> =>
    sorted(isMeant === null ? all : await named(all, rows, isMeant, inTime), query, rows, inTime);
  if (cut !== null) return pageOf(await choose(turns), all.length, cut, toldBy(rows, query), turns);
  const tell = toldBy(rows, query);
  if (all.length > SHORT)
    return new StreamedJson(async function* (inTime) {
      yield* inChunks(arrayText(await choose(inTime), tell), inTime);
    });
  return inTurns(told(await choose(turns), tell), turns);
}

async function inTurns<T>(items: Iterable<T>, turns: Turns): Promise<T[]> {
  const all: T[] = [];
  for (const item of items) {
    all.push(item);
    if (turns.isOver) await turns.next();
  }
  return all;
}

type Tell<T> = (item: T) => JsonObject | null;

function toldBy<T>(rows: Rows<T>, { columns }: ListQuery): Tell<T> {
  return (item) => {
    const row = rows.whole(item);
    return row === null ? null : withColumns(row, columns);
  };
}

function* told<T>(items: Iterable<T>, tell: Tell<T>): Iterable<JsonObject> {
  for (const item of items) {
    const row = tell(item);
    if (row !== null) yield row;
  }
}

function* arrayText<T>(items: Iterable<T>, tell: Tell<T>): Iterable<string> {
  let before = '[';
  for (const row of told(items, tell)) {
    yield before + JSON.stringify(row);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

async function named<T>(
  all: readonly T[],
  { brief }: Rows<T>,
  isMeant: (row: JsonObject) => boolean,
  turns: Turns,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (const item of all) {
    const row = brief(item);
    if (row !== null && isMeant(row)) found.push(item);
    if (turns.isOver) await turns.next();
  }
  return found;
}

async function sorted<T>(
  items: readonly T[],
  { sort, sort_reverse: reverse }: ListQuery,
  { brief, whole }: Rows<T>,
  turns: Turns,
): Promise<readonly T[]> {
  const first = items[0];
  if (first === undefined || sort === undefined || sort === '') return items;
  const path = sort.split('.');
  const isBrief = valueAt(brief(first), path) !== undefined;
  return inOrder(items, (item) => valueAt(isBrief ? brief(item) : whole(item), path), reverse === 'true', turns);
}

async function pageOf<T>(
  items: readonly T[],
  total: number,
  { page, size }: Cut,
  tell: Tell<T>,
  turns: Turns,
): Promise<Page> {
  const pageCount = Math.max(1, Math.ceil(items.length / size));
  if (page > pageCount)
    throw new HttpError(
      400,
      'page_out_of_range',
      `Page out of range, page: ${page} page size: ${size}, len: ${items.length}`,
    );
  const shown = await inTurns(told(items.slice((page - 1) * size, page * size), tell), turns);
  return {
    filtered_count: items.length,
    item_count: shown.length,
    items: shown,
    page,
    page_count: pageCount,
    page_size: size,
    total_count: total,
  };
}

/** One item with the columns that were asked for. */
export function withColumns(item: JsonObject, columns: string | undefined): JsonObject {
  if (columns === undefined || columns === '') return item;
  const chosen: Record<string, Json> = {};
  for (const column of columns.split(',')) {
    const path = column.split('.');
    const value = valueAt(item, path);
    if (value !== undefined) place(chosen, path, value);
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

function valueAt(row: JsonObject | null, path: readonly string[]): Json | undefined {
  let value: Json | undefined = row;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const fields: JsonObject = value as JsonObject;
    value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  }
  return value;
}

/** Null: all are meant. */
function nameFilter({ name, use_regex: isRegex }: ListQuery): ((row: JsonObject) => boolean) | null {
  if (name === undefined || name === '') return null;
  if (isRegex === 'true') {
    const pattern = patternOf(name);
    return (row) => pattern.matches(nameOf(row));
  }
  const part = name.toLowerCase();
  return (row) => nameOf(row).toLowerCase().includes(part);
}

function nameOf({ name }: { readonly name?: Json }): string {
  return typeof name === 'string' ? name : '';
}

function patternOf(text: string): NamePattern {
  const error = patternError(text);
  if (error !== null) throw badRequest(`name is no regular expression: ${error}`);
  return new NamePattern(text);
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
