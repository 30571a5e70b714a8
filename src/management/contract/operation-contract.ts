/** What is agreed on for one method of one path: what may be asked, and what is answered. */
import { INTEGER, listOf, only, type Schema, STRING, thing } from './schema.js';

export interface OperationContract {
  /** What it does, as a line of a list. */
  readonly summary: string;
  readonly query?: Readonly<Record<string, Schema>>;
  /** Of the body as JSON. */
  readonly body?: Schema;
  /** By status, where all went well or it was found out that it is not: the answer; null: it has no body. */
  readonly answers: Readonly<Record<number, Schema | null>>;
  /** Of the answers; JSON, if nothing is said. */
  readonly contentType?: string;
  /** A body may come as a form with files, too. */
  readonly takesForms?: boolean;
  /** It is open to all, and looks itself at who somebody says to be. */
  readonly signsIn?: boolean;
}

/** By `METHOD path`; `:name` stands for a part of the path. */
export type Contracts = Readonly<Record<string, OperationContract>>;

/** Routes that RabbitMQ has not. */
const OWN = /^\/api\/leveret(\/|$)|\/(messages|explain)$/;
/** Ends a name of a query that stands for many. */
const ANY_NAME = '.NAME';

/**
 * What a query may ask for. RabbitMQ passes over what it does not know, and so do its routes; where our own show
 * something, a mistyped filter would show all.
 */
export function querySchema(method: string, path: string, { query = {} }: OperationContract): Schema {
  const schema: Schema = { type: 'object', properties: query };
  if (method !== 'GET' || !OWN.test(path)) return schema;
  const prefixes = Object.keys(query).filter((name) => name.endsWith(ANY_NAME));
  const patterns = prefixes.map((name) => [`^${name.slice(0, -ANY_NAME.length)}\\..`, { type: 'string' }] as const);
  return { ...only(schema), patternProperties: Object.fromEntries(patterns) };
}

const FLAG: Schema = { type: 'string', description: 'true or false.' };
const WHOLE: Schema = { type: 'string', pattern: '^-?[0-9]{1,9}$' };

export const COLUMNS = {
  columns: { type: 'string', description: 'Fields to show, with commas between two; a.b is field b of field a.' },
} satisfies Record<string, Schema>;

/** Lists are cut by these, as RabbitMQ's. */
export const LISTING = {
  name: { type: 'string', description: 'Shows those whose name has this in it.' },
  use_regex: { ...FLAG, description: 'Whether `name` is a regular expression.' },
  sort: { type: 'string', description: 'The field to sort by.' },
  sort_reverse: FLAG,
  page: { ...WHOLE, description: 'Answers with this page only.', 'x-refusal': 'Pagination parameters are invalid' },
  page_size: { ...WHOLE, description: 'At most 500.', 'x-refusal': 'Pagination parameters are invalid' },
  ...COLUMNS,
} satisfies Record<string, Schema>;

/** Samples of what is counted, as RabbitMQ's. */
export const RANGES = {
  lengths_age: { type: 'string', description: 'Samples of lengths: how far back (s).' },
  lengths_incr: { type: 'string', description: 'Samples of lengths: between two (s).' },
  msg_rates_age: { type: 'string', description: 'Samples of rates: how far back (s).' },
  msg_rates_incr: { type: 'string', description: 'Samples of rates: between two (s).' },
} satisfies Record<string, Schema>;

export const WITHOUT_STATS = { disable_stats: { ...FLAG, description: 'Leaves out what is counted.' } };

/** All of a kind, or a page of them. */
export function listing(
  summary: string,
  item: Schema,
  query: Readonly<Record<string, Schema>> = {},
): OperationContract {
  return { summary, query: { ...LISTING, ...query }, answers: { 200: { anyOf: [listOf(item), pageOf(item)] } } };
}

/** One, of which columns can be chosen. */
export function one(summary: string, item: Schema, query: Readonly<Record<string, Schema>> = {}): OperationContract {
  return { summary, query: { ...COLUMNS, ...query }, answers: { 200: item } };
}

/** What is 201 the first time. */
export function made(summary: string, body: Schema): OperationContract {
  return { summary, body, answers: { 201: null, 204: null } };
}

/** What is done and leaves nothing to say. */
export function done(summary: string, more: Partial<OperationContract> = {}): OperationContract {
  return { summary, answers: { 204: null }, ...more };
}

export function ifTrue(description: string): Schema {
  return { ...FLAG, description };
}

function pageOf(item: Schema): Schema {
  const counts = ['filtered_count', 'item_count', 'page', 'page_count', 'page_size', 'total_count'];
  return thing({ items: listOf(item), ...Object.fromEntries(counts.map((name) => [name, INTEGER])) }, [
    'items',
    ...counts,
  ]);
}

/** What refusals say. */
export const REFUSAL: Schema = {
  ...thing({ error: STRING, reason: STRING }, ['error', 'reason']),
  title: 'Refusal',
};
