/**
 * What an expression would say of a name, before it is set: rights and policies are matched by the broker in its own
 * way, so it is the one to ask.
 */
import { NamePattern, patternError } from '../../../broker/access/name-pattern.js';
import { Body } from '../../http/bodies.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';

export function patternRoutes({ route }: HttpServer): void {
  route('/api/leveret/patterns', {
    POST: {
      tag: 'management',
      handle: async ({ body }) => {
        const fields = new Body(body);
        const name = fields.text('name', '');
        return fields.texts('patterns').map((pattern) => said(pattern, name));
      },
    },
  });
}

function said(pattern: string, name: string): JsonObject {
  const error = patternError(pattern);
  return { pattern, error, matches: error === null ? new NamePattern(pattern).matches(name) : null };
}
