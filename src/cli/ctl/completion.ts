/** Scripts that complete commands and options in shells, made from the tables. */
import { BENCH_FLAGS } from '../bench/wanted.js';
import { CERT_FLAGS } from '../certificates/wanted.js';
import { ACTION_NAMES, FLAGS as CLUSTER_FLAGS } from '../cluster/table.js';
import type { FlagTable } from '../config/flag-table.js';
import { FLAGS as MIGRATE_FLAGS } from '../migrate/table.js';
import { FLAGS as PERF_FLAGS } from '../perf/table.js';
import { OPTIONS } from './arguments.js';
import type { CtlCommand } from './command.js';
import { COMMANDS } from './commands.js';

/** What stands behind `leveret`, and the flags of those commands that have a table of them. */
const SUBCOMMANDS = ['ctl', 'cluster', 'log', 'config', 'healthcheck', 'cert', 'bench', 'perf', 'migrate'].join(' ');
const FLAGS: Readonly<Record<string, Readonly<Record<string, FlagOfCommand>>>> = {
  bench: flagsOf(BENCH_FLAGS),
  cert: flagsOf(CERT_FLAGS),
  perf: flagsOf(PERF_FLAGS),
  migrate: flagsOf(MIGRATE_FLAGS),
  cluster: flagsOf(CLUSTER_FLAGS),
};
/** What may stand behind such a command, besides flags. */
const WORDS: Readonly<Record<string, readonly string[]>> = { cluster: ACTION_NAMES };

interface FlagOfCommand {
  readonly value: string | null;
  readonly short?: string;
  readonly help: string;
}

function flagsOf(table: FlagTable): Readonly<Record<string, FlagOfCommand>> {
  return Object.fromEntries(
    Object.entries(table).map(([key, { kind, short, help }]) => [
      key,
      { value: kind.argument, help, ...(short === undefined ? {} : { short }) },
    ]),
  );
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionFor(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      // It takes bash's, and asks for it by a function of its own.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case 'fish':
      return fish();
  }
}

/** What may stand behind a command: its options, its columns. */
function wordsOf({ options = {}, columns }: CtlCommand): string[] {
  return [...Object.keys(options).map((name) => `--${name}`), ...(columns?.standard ?? []), ...(columns?.others ?? [])];
}

function bash(): string {
  const all = Object.keys(OPTIONS).map((name) => `--${name}`);
  const cases = COMMANDS.flatMap((command) => {
    const words = wordsOf(command);
    return words.length === 0 ? [] : [`      ${command.name}) words="${words.join(' ')}" ;;`];
  });
  const others = Object.entries(FLAGS).map(([name, flags]) => {
    const words = [...(WORDS[name] ?? []), ...Object.keys(flags).map((flag) => `--${flag}`)];
    return `    ${name}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current")); return ;;`;
  });
  return `# Completes 'leveret ctl' and others: eval "$(leveret ctl completion bash)"
_leveret() {
  local current="\${COMP_WORDS[COMP_CWORD]}" word command="" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${SUBCOMMANDS}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
    ctl) ;;
${others.join('\n')}
    *) return ;;
  esac
  for word in "\${COMP_WORDS[@]:2:$((COMP_CWORD - 2))}"; do
    case " ${COMMANDS.map(({ name }) => name).join(' ')} " in
      *" $word "*) command="$word"; break ;;
    esac
  done
  if [ -z "$command" ]; then
    words="${COMMANDS.map(({ name }) => name).join(' ')}"
  else
    case "$command" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words ${all.join(' ')}" -- "$current"))
}
complete -o default -F _leveret leveret
`;
}

function fish(): string {
  const names = COMMANDS.map(({ name }) => name).join(' ');
  const isCommandDue = `__fish_seen_subcommand_from ctl; and not __fish_seen_subcommand_from ${names}`;
  const lines = [
    "# Completes 'leveret ctl' and others: leveret ctl completion fish | source",
    `complete -c leveret -n __fish_use_subcommand -a '${SUBCOMMANDS}'`,
    ...Object.entries(FLAGS).flatMap(([command, flags]) =>
      Object.entries(flags).map(([name, flag]) => fishOption(`__fish_seen_subcommand_from ${command}`, name, flag)),
    ),
    ...Object.entries(WORDS).map(
      ([command, words]) =>
        `complete -c leveret -n '__fish_seen_subcommand_from ${command}' -f -a '${words.join(' ')}'`,
    ),
    ...COMMANDS.map(
      ({ name, summary }) => `complete -c leveret -n '${isCommandDue}' -f -a ${name} -d '${quoted(summary)}'`,
    ),
    ...COMMANDS.flatMap((command) => {
      const words = wordsOf(command).filter((word) => !word.startsWith('--'));
      const seen = `__fish_seen_subcommand_from ${command.name}`;
      return [
        ...(words.length === 0 ? [] : [`complete -c leveret -n '${seen}' -f -a '${words.join(' ')}'`]),
        ...Object.entries(command.options ?? {}).map(([name, option]) => fishOption(seen, name, option)),
      ];
    }),
    ...Object.entries(OPTIONS).map(([name, option]) => fishOption('__fish_seen_subcommand_from ctl', name, option)),
  ];
  return `${lines.join('\n')}\n`;
}

function fishOption(when: string, name: string, { value, short, help }: FlagOfCommand): string {
  const flags = `${short === undefined ? '' : ` -s ${short}`} -l ${name}${value === null ? '' : ' -r'}`;
  return `complete -c leveret -n '${when}'${flags} -d '${quoted(help)}'`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'");
}
