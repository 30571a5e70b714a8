/**
 * Each function of the core that uses an atomic operation says which other one that pairs with, or why it pairs with
 * none: what is looked at is a moment's view, or belongs to nobody else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const OPERATION = /\b(?:atomic(?:Load|Store|Add|Sub|Exchange|Or|And)|compareExchange)(?:64|F64)?\(/;
const COMMENT = /^\s*(?:\/\/|\/?\*)/;
const EXPLAINED = /[Pp]airs? with|moment's view|stands for itself|finds nothing|none of them moves/;
/** They are defined there. */
const DEFINED = 'memory/atomic.ts';

/** Functions with the comment above them, by name. */
function functionsOf(source: string): [name: string, lines: string[]][] {
  const lines = source.split('\n');
  return lines.flatMap((line, at) => {
    const [, name] = /^(?:@inline )?(?:export )?function (\w+)/.exec(line) ?? [];
    if (name === undefined) return [];
    let begin = at;
    while (begin > 0 && COMMENT.test(lines[begin - 1] ?? '')) begin -= 1;
    return [[name, lines.slice(begin, lines.indexOf('}', at) + 1)]];
  });
}

test('each atomic operation of the core is explained where it stands', () => {
  const files = readdirSync('assembly', { recursive: true }).map(String);
  const all = files
    .filter((file) => file.endsWith('.ts') && file !== DEFINED)
    .flatMap((file) =>
      functionsOf(readFileSync(`assembly/${file}`, 'utf8')).map(([name, lines]) => ({
        name: `${file}: ${name}`,
        lines,
      })),
    )
    .filter(({ lines }) => lines.some((line) => OPERATION.test(line) && !COMMENT.test(line)));
  expect(all.length).toBeGreaterThan(100);
  const silent = all.filter(({ lines }) => !lines.some((line) => COMMENT.test(line) && EXPLAINED.test(line)));
  expect(silent.map(({ name }) => name)).toEqual([]);
});
