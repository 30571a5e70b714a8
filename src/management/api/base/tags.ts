/** Tags of users and vhosts in a body. */
import type { Body } from '../../http/bodies.js';

/** A list, or a text with commas. */
export function tagsIn(body: Body): readonly string[] {
  const given = body.value('tags');
  if (typeof given !== 'string') return body.texts('tags');
  return given
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
