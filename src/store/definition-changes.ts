/**
 * Changes of definitions as octets, for who makes the same ones elsewhere: JSON, with field tables as base64. What must
 * hold: what is read is what was written, and octets that are not are an error with what is wrong with them; what a
 * later version adds to a definition passes through.
 */
import type { Definition, DefinitionChange, DefinitionKind } from './definitions.js';

/** Changes that are made together. */
export interface DefinitionChanges {
  readonly changes: readonly DefinitionChange[];
  /** The id that the next queue gets, behind those that were given out. */
  readonly nextQueueId: number;
}

/** The kinds, each with whether there is a field table in it. */
const HAS_ARGUMENTS: { readonly [K in DefinitionKind]: boolean } = {
  vhost: false,
  exchange: true,
  queue: true,
  binding: true,
  user: false,
  permission: false,
  topicPermission: false,
  policy: false,
  limits: false,
  globalParameter: false,
};

/** All that there is, as changes that make it. */
export function allOf(definitions: { list<K extends DefinitionKind>(kind: K): Definition<K>[] }): DefinitionChange[] {
  const kinds = Object.keys(HAS_ARGUMENTS) as DefinitionKind[];
  return kinds.flatMap((put) => definitions.list(put).map((definition) => ({ put, definition }) as DefinitionChange));
}

export function encodeChanges({ changes, nextQueueId }: DefinitionChanges): Uint8Array {
  return Buffer.from(JSON.stringify({ nextQueueId, changes: changes.map(written) }));
}

/** Throws an Error that says what is wrong. */
export function decodeChanges(octets: Uint8Array): DefinitionChanges {
  const read: unknown = JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString());
  const { changes, nextQueueId } = isObject(read) ? read : {};
  if (!Array.isArray(changes)) throw new Error('definitions without a list of changes');
  if (typeof nextQueueId !== 'number' || !Number.isSafeInteger(nextQueueId) || nextQueueId < 1) {
    throw new Error(`definitions whose next queue has the id ${JSON.stringify(nextQueueId)}`);
  }
  return { nextQueueId, changes: changes.map(readChange) };
}

function written(change: DefinitionChange): unknown {
  const { definition } = change;
  const kind = 'put' in change ? change.put : change.remove;
  if (!HAS_ARGUMENTS[kind] || !('arguments' in definition)) return change;
  return { ...change, definition: { ...definition, arguments: Buffer.from(definition.arguments).toString('base64') } };
}

function readChange(change: unknown): DefinitionChange {
  const { put, remove, definition } = isObject(change) ? change : {};
  if (!isObject(definition)) throw new Error('a change without a definition');
  const kind = put ?? remove;
  if (typeof kind !== 'string' || !Object.hasOwn(HAS_ARGUMENTS, kind)) {
    throw new Error(`a definition of the kind ${JSON.stringify(kind)}, which is not known: update this node`);
  }
  const { arguments: table } = definition;
  if (!HAS_ARGUMENTS[kind as DefinitionKind] || table === undefined) return change as DefinitionChange;
  if (typeof table !== 'string') throw new Error(`a definition of the kind ${kind} whose arguments are no octets`);
  const whole = { ...definition, arguments: Uint8Array.from(Buffer.from(table, 'base64')) };
  return { ...(put === undefined ? { remove } : { put }), definition: whole } as unknown as DefinitionChange;
}

interface Fields {
  readonly [name: string]: unknown;
  readonly changes?: unknown;
  readonly nextQueueId?: unknown;
  readonly put?: unknown;
  readonly remove?: unknown;
  readonly definition?: unknown;
  readonly arguments?: unknown;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
