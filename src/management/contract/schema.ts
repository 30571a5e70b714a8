/**
 * JSON Schemas, as far as the HTTP API's contract needs them: what requests are checked by, and what the OpenAPI document
 * shows. What must hold: only words that mean the same in JSON Schema of 2020 (OpenAPI) and of draft 7 (the validator).
 */

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

export interface Schema {
  /** A schema with a title is a component of the document. */
  readonly title?: string;
  readonly description?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly contentMediaType?: string;
  /** What who is refused by this schema is told; else what is wrong is put into words. */
  readonly 'x-refusal'?: string;
}

/** A thing, by the types of its fields; those that are not named here may be there besides. */
export function thing(properties: Readonly<Record<string, Schema>>, required?: readonly string[]): Schema {
  return required === undefined ? { type: 'object', properties } : { type: 'object', properties, required };
}

/** The same with no other fields: for what is done to many things, where a mistyped condition would let more be done. */
export function only(schema: Schema): Schema {
  return { ...schema, additionalProperties: false };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

export function oneOf(...values: readonly string[]): Schema {
  return { enum: values };
}

export const STRING: Schema = { type: 'string' };
export const INTEGER: Schema = { type: 'integer' };
export const NUMBER: Schema = { type: 'number' };
export const BOOLEAN: Schema = { type: 'boolean' };
export const OBJECT: Schema = { type: 'object' };
export const ANY: Schema = {};
export const STRINGS = listOf(STRING);
export const INTEGER_OR_NULL: Schema = { type: ['integer', 'null'] };
export const STRING_OR_NULL: Schema = { type: ['string', 'null'] };

// What bodies say. Old tools do not know numbers and booleans from texts, and an empty table is an empty list to some.

export const TEXT: Schema = { type: ['string', 'number'] };
export const OPTIONAL_TEXT: Schema = { type: ['string', 'number', 'null'] };
export const YES_OR_NO: Schema = { enum: [true, false, 'true', 'false', null] };
export const WHOLE: Schema = {
  type: ['integer', 'string', 'null'],
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
  pattern: '^-?[0-9]{1,15}$',
};
export const TABLE: Schema = { type: ['object', 'array', 'null'], maxItems: 0 };
export const TAGS: Schema = {
  description: 'A list, or a text with commas between two.',
  type: ['string', 'array'],
  items: STRING,
};

/** A body without which nothing can be done. */
export function body(properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema {
  return { type: 'object', properties, required };
}

/** A body whose fields all have standard values: there need be none at all. */
export function optionalBody(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: ['object', 'null'], properties };
}
