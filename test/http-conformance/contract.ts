/** Whether an answer is what the API's own document says it may be. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Answered, Step } from './scenario.js';

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, Response>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

export const DOCUMENT_FILE = new URL('../../docs/openapi.json', import.meta.url);
const document = JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8')) as Document;
// The document's words about itself are none of JSON Schema.
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, 'document');

/** What breaks the contract; none: nothing does. */
export function breaches({ method, path }: Pick<Step, 'method' | 'path'>, answer: Answered): string[] {
  const template = templateOf(path);
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  if (template === undefined || operation === undefined) return unknownRoute(method, answer);
  const { responses } = operation;
  const given = responses[answer.status];
  if (given === undefined) return [`${method} ${template} may not answer ${answer.status}`];
  const { content } = resolved(given);
  if (answer.status === 401 && answer.body !== null) return breachesOfRefusal(answer.body);
  if (content === undefined) return answer.body === null ? [] : [`${method} ${template} has a body by surprise`];
  if (answer.body === null) return [`${method} ${template} lacks a body`];
  const reference = referenceTo(template, method, answer.status, given, Object.keys(content)[0] ?? '');
  const validate = ajv.getSchema(reference);
  if (validate === undefined) return [`${reference} is not in the document`];
  return validate(answer.body) ? [] : [`${method} ${template}: ${ajv.errorsText(validate.errors)}`];
}

function breachesOfRefusal(body: unknown): string[] {
  const validate = ajv.getSchema('document#/components/schemas/Refusal');
  return validate?.(body) === true ? [] : ['a refusal is none'];
}

/** What the document says of each route: by `METHOD path`, whether everybody may call. */
export function documented(): ReadonlyMap<string, boolean> {
  const all = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, { security }]) => [`${method.toUpperCase()} ${path}`, security?.length === 0] as const,
    ),
  );
  return new Map(all);
}

function unknownRoute(method: string, { status }: Answered): string[] {
  const isOf = status === 404 || status === 405 || method === 'OPTIONS' || method === 'HEAD';
  return isOf ? [] : [`${method} is answered by ${status}, and is not in the document`];
}

function resolved(response: Response): Response {
  const name = response.$ref?.split('/').at(-1);
  return name === undefined ? response : (document.components.responses[name] ?? {});
}

function referenceTo(template: string, method: string, status: number, given: Response, contentType: string): string {
  const own = ['#', 'paths', template, method.toLowerCase(), 'responses', String(status)];
  const place = given.$ref?.split('/') ?? own;
  return `document${[...place, 'content', contentType, 'schema'].map(escaped).join('/')}`;
}

function escaped(part: string): string {
  return part === '#' ? part : encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Of several that fit, the one with the fewest parts that could be anything. */
function templateOf(path: string): string | undefined {
  const parts = `/api${path}`.split('?')[0]?.split('/') ?? [];
  const fitting = Object.keys(document.paths).filter((template) => {
    const others = template.split('/');
    return others.length === parts.length && others.every((one, i) => one.startsWith('{') || one === parts[i]);
  });
  const open = (template: string): number => template.split('{').length;
  return fitting.toSorted((one, other) => open(one) - open(other))[0];
}
