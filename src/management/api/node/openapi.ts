/** The document that says what this API takes and answers. */
import { COMPATIBLE } from '../../../connection/handshake/identity.js';
import { type Document, documentOf } from '../../contract/document.js';
import type { HttpServer } from '../../http/server.js';

export function openApiRoutes(server: HttpServer): void {
  let made: Document | null = null;
  server.route('/api/openapi.json', {
    GET: {
      tag: 'management',
      handle: async () => {
        made ??= documentOf(server.operations, COMPATIBLE.version);
        return made;
      },
    },
  });
}
