/** What steps of the compiler have in common that take `@inline` from functions (fewer-copies.mjs, one-copy.mjs). */
import { DecoratorKind, NodeKind } from 'assemblyscript';

/** Characters of a body that is as short as a call: it stays where it is. */
export const SHORT = 60;

const isInline = ({ decoratorKind }) => decoratorKind === DecoratorKind.Inline;

/** Takes it from those of our sources for which `isTaken`, of their name, path and their body's length, is true. */
export function takeInline(sources, isTaken) {
  for (const { isLibrary, normalizedPath, statements } of sources) {
    if (isLibrary) continue;
    for (const statement of statements) visit(statement, normalizedPath, isTaken);
  }
}

function visit(node, path, isTaken) {
  if (node.kind === NodeKind.ClassDeclaration) {
    for (const member of node.members) visit(member, path, isTaken);
  } else if (node.kind === NodeKind.FunctionDeclaration || node.kind === NodeKind.MethodDeclaration) {
    const { body, decorators, name } = node;
    if (body === null || !decorators?.some(isInline)) return;
    if (!isTaken({ name: name.text, path, length: body.range.end - body.range.start })) return;
    const kept = decorators.filter((one) => !isInline(one));
    node.decorators = kept.length > 0 ? kept : null;
  }
}
