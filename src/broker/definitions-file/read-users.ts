/** Who there is, in a file of definitions: vhosts, users, permissions. */
import { RIGHTS } from '../access/accounts.js';
import { patternError } from '../access/name-pattern.js';
import { HASHING_NAMES, hashError, isHashingAlgorithm, type PasswordHash } from '../access/passwords.js';
import { type TopicPermissions, topicPermissionsError } from '../access/topic-permissions.js';
import { limitsError } from '../policies/limits.js';
import { defaultQueueTypeOf, metadataError, type VhostMetadata } from '../requests/vhost-metadata.js';
import type { PermissionsEntry, TopicPermissionsEntry, UserEntry, VhostEntry, VhostLimitsEntry } from './entries.js';
import { DefinitionsError, Fields, mustBe } from './fields.js';
import type { Notes } from './notes.js';
import { type Scope, vhostIn } from './scope.js';

export function readVhosts(
  file: Fields,
  notes: Notes,
): { readonly entries: VhostEntry[]; readonly limits: VhostLimitsEntry[] } {
  const limits: VhostLimitsEntry[] = [];
  const entries = file.each<VhostEntry>('vhosts', (fields) => {
    const vhost = fields.resource('name');
    const metadata = metadataIn(fields, vhost, notes);
    const given = vhostLimitsIn(fields);
    if (given !== null) limits.push({ place: fields.placeOf('limits'), vhost, limits: given });
    return [{ place: fields.place, vhost, metadata }];
  });
  return { entries, limits };
}

const KEPT = 'protected_from_deletion';

/** Newer files have it in `metadata`; null: nothing is said. */
function metadataIn(fields: Fields, vhost: string, notes: Notes): Partial<VhostMetadata> | null {
  const inner = new Fields(fields.placeOf('metadata'), fields.record('metadata'));
  const one = (name: string): Fields => (inner.value(name) === undefined ? fields : inner);
  const description = one('description').optionalText('description');
  const tags = tagsIn(one('tags'));
  const type = one('default_queue_type').optionalText('default_queue_type');
  const defaultQueueType = defaultQueueTypeOf(type);
  if (defaultQueueType === undefined)
    notes.add('default types', `queues in vhost '${vhost}' are classic unless they say otherwise, not ${type}`);
  const kept = one(KEPT);
  const said = {
    ...(description === undefined ? {} : { description }),
    ...(one('tags').value('tags') === undefined ? {} : { tags }),
    ...(type === undefined ? {} : { defaultQueueType: defaultQueueType ?? null }),
    ...(fields.value('tracing') === undefined ? {} : { tracing: fields.flag('tracing') }),
    ...(kept.value(KEPT) === undefined ? {} : { protectedFromDeletion: kept.flag(KEPT) }),
  };
  const error = metadataError(said);
  if (error !== null) throw new DefinitionsError(fields.place, `cannot be: ${error}`);
  return Object.keys(said).length === 0 ? null : said;
}

/** Null: none are set. RabbitMQ has them among the parameters, and writes an empty list here. */
function vhostLimitsIn(fields: Fields): Readonly<Record<string, unknown>> | null {
  const limits = fields.record('limits');
  if (Object.keys(limits).length === 0) return null;
  checkLimits(fields, 'limits', 'vhost', limits);
  return limits;
}

export function checkLimits(
  fields: Fields,
  name: string,
  scope: 'vhost' | 'user',
  limits: Readonly<Record<string, unknown>>,
): void {
  const error = limitsError(scope, limits);
  if (error !== null) fields.fail(name, `cannot be: ${error}`);
}

export function readUsers(file: Fields): UserEntry[] {
  const version = file.optionalText('rabbitmq_version') ?? file.optionalText('rabbit_version') ?? '';
  return file.each('users', (fields) => {
    const limits = fields.record('limits');
    checkLimits(fields, 'limits', 'user', limits);
    const name = fields.resource('name');
    if (name === '') fields.fail('name', 'must not be empty');
    return [{ place: fields.place, name, password: passwordIn(fields, version), tags: tagsIn(fields), limits }];
  });
}

/** With an empty hash nobody logs in. */
function passwordIn(fields: Fields, version: string): string | PasswordHash {
  const passwordHash = fields.secret('password_hash');
  const password = fields.secret('password');
  if (passwordHash === undefined && password !== undefined) return password;
  const hashingAlgorithm = fields.optionalText('hashing_algorithm') ?? hashingOf(version);
  if (!isHashingAlgorithm(hashingAlgorithm))
    return fields.fail('hashing_algorithm', mustBe(`one of ${HASHING_NAMES.join(', ')}`, hashingAlgorithm));
  const hash = { passwordHash: passwordHash ?? '', hashingAlgorithm };
  const error = hash.passwordHash === '' ? null : hashError(hash.passwordHash, hashingAlgorithm);
  if (error !== null) fields.fail('password_hash', `cannot be used: ${error}`);
  return hash;
}

/** RabbitMQ before 3.6 hashed by MD5, and did not say so. */
function hashingOf(version: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const isOld = Number(major) < 3 || (Number(major) === 3 && Number(minor) < 6);
  return `rabbit_password_hashing_${isOld ? 'md5' : 'sha256'}`;
}

/** A list, or, before RabbitMQ 3.8, a text with commas. */
function tagsIn(fields: Fields): readonly string[] {
  const tags = fields.value('tags') ?? [];
  if (typeof tags === 'string') {
    return tags
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '');
  }
  const isList = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
  return isList ? tags : fields.fail('tags', mustBe('a list of texts, or one with commas', tags));
}

export function readPermissions(file: Fields, scope: Scope): PermissionsEntry[] {
  return file.each('permissions', (fields) => {
    const [configure, write, read] = RIGHTS.map((right) => patternIn(fields, right));
    const permissions = {
      user: fields.text('user'),
      vhost: vhostIn(fields, scope),
      configure: configure ?? '',
      write: write ?? '',
      read: read ?? '',
    };
    return [{ place: fields.place, permissions }];
  });
}

function patternIn(fields: Fields, name: string): string {
  const pattern = fields.text(name);
  const error = patternError(pattern);
  return error === null ? pattern : fields.fail(name, `is no regular expression that can be used: ${error}`);
}

export function readTopicPermissions(file: Fields, scope: Scope): TopicPermissionsEntry[] {
  return file.each('topic_permissions', (fields) => {
    const permissions: TopicPermissions = {
      user: fields.text('user'),
      vhost: vhostIn(fields, scope),
      exchange: fields.resource('exchange'),
      write: fields.text('write'),
      read: fields.text('read'),
    };
    const error = topicPermissionsError(permissions);
    if (error !== null) throw new DefinitionsError(fields.place, `cannot be set: ${error}`);
    return [{ place: fields.place, permissions }];
  });
}
