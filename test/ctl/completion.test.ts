/**
 * Completion in the shells themselves. What must hold: a shell that is not on this machine is named; bash is on all, and
 * continuous integration has them all.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionFor, SHELLS, type Shell } from '../../src/cli/ctl/completion.js';
import { PATIENCE_MS } from '../support/waiting.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'leveret-completion-'));
  for (const shell of SHELLS) writeFileSync(join(directory, shell), completionFor(shell));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a shell offers for the last word of a line. */
const OFFERED: Readonly<Record<Shell, (line: string) => readonly string[]>> = {
  bash: (line) => {
    const words = line.split(' ');
    const program = `source '${join(directory, 'bash')}'
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      _leveret; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8' }));
  },
  // A terminal at which the line is typed, and then Tab: what it becomes is what the command is called with.
  zsh: (line) => {
    const program = `zmodload zsh/zpty
      zpty typed zsh -f -i
      zpty -w typed "PS1=; autoload -U compinit; compinit -u -D; source '${join(directory, 'zsh')}'"
      zpty -w typed 'leveret() { print -r -- "called[$*]" }; print begin""ning'
      zpty -r typed told '*beginning*'
      zpty -w typed $'${line}\\t'
      zpty -r typed told '*called\\[*\\]*'
      print -r -- "$told"`;
    const told = execFileSync('zsh', ['-f', '-c', program], { encoding: 'utf8', timeout: PATIENCE_MS });
    const [, args = ''] = /called\[([^\]]*)\]/.exec(told) ?? [];
    return [args.trim().split(' ').at(-1) ?? ''];
  },
  fish: (line) => {
    const program = `source '${join(directory, 'fish')}'; complete -C '${line}'`;
    const told = execFileSync('fish', ['--no-config', '-c', program], { encoding: 'utf8', cwd: directory });
    return linesOf(told).map((offered) => offered.split('\t')[0] ?? '');
  },
};

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

describe.each(SHELLS)('%s', (shell) => {
  it.each([
    ['a command', 'leveret ctl list_que', 'list_queues'],
    ['a command behind an option', 'leveret ctl -q list_que', 'list_queues'],
    ['a column', 'leveret ctl list_queues messages_paged', 'messages_paged_out'],
    ['an option of a command', 'leveret ctl list_queues --offl', '--offline'],
    ['an option of all commands', 'leveret ctl list_queues --forma', '--formatter'],
    ['what leveret itself knows', 'leveret heal', 'healthcheck'],
    ['a flag of a bench', 'leveret bench --markd', '--markdown'],
    ['what is done to a cluster', 'leveret cluster step', 'step-down'],
    ['a flag of a cluster', 'leveret cluster status --js', '--json'],
    ['a flag of the load', 'leveret perf --max-in', '--max-in-flight'],
  ])('completes %s', (_what, line, whole) => {
    if (spawnSync(shell, ['--version']).status !== 0) {
      console.info(`${shell} is not on this machine`);
      return;
    }
    expect(OFFERED[shell](line)).toEqual([whole]);
  });
});
