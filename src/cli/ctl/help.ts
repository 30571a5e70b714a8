/** What `leveret ctl help` says: of all commands, and of one. It comes from their table. */
import { OPTIONS } from './arguments.js';
import { type Argument, type CtlCommand, type Option, SUBJECTS } from './command.js';
import { COMMANDS } from './commands.js';

const WIDTH = 30;

/** All commands, by subject. */
export function overview(): string {
  const parts = SUBJECTS.flatMap((subject) => {
    const commands = COMMANDS.filter((command) => command.subject === subject);
    return commands.length === 0 ? [] : [`${subject}:\n${commands.map(line).join('')}`];
  });
  return [
    'Usage: leveret ctl [options] COMMAND [arguments]\n',
    'Asks and tells a broker on this machine, by its socket. Commands and columns are those of rabbitmqctl.\n',
    ...parts,
    `Options:\n${optionLines(OPTIONS)}`,
    "'leveret ctl help COMMAND' tells more of one, 'leveret ctl completion bash' completes them (zsh and fish, too).\n",
  ].join('\n');
}

export function helpFor(command: CtlCommand): string {
  const { summary, columns, options = {} } = command;
  const parts = [`Usage: ${usageOf(command)}\n`, `${summary[0]?.toUpperCase()}${summary.slice(1)}.\n`];
  if (columns !== undefined) {
    parts.push(`Columns: ${columns.standard.join(', ')} (by default)\n`);
    if (columns.others.length > 0) parts.push(`Others: ${columns.others.join(', ')}\n`);
  }
  return [...parts, `Options:\n${optionLines({ ...options, ...OPTIONS })}`].join('\n');
}

/** One line: how a command is written. */
export function usageOf({ name, arguments: due, columns, options = {}, isInVhost }: CtlCommand): string {
  const words = [
    ...(isInVhost === true ? ['[-p VHOST]'] : []),
    ...Object.entries(options).map(([option, { value }]) => `[--${option}${value === null ? '' : ` ${value}`}]`),
    ...due.map(argumentText),
    ...(columns === undefined ? [] : ['[column …]']),
  ];
  return ['leveret ctl', name, ...words].join(' ');
}

function argumentText({ name, kind }: Argument): string {
  if (kind === 'one') return `<${name}>`;
  return kind === 'optional' ? `[<${name}>]` : `[<${name}> …]`;
}

function line({ name, summary }: CtlCommand): string {
  return `  ${name.padEnd(WIDTH)} ${summary}\n`;
}

function optionLines(options: Readonly<Record<string, Option>>): string {
  return Object.entries(options)
    .map(([name, { value, short, help }]) => {
      const flags = `${short === undefined ? '' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`;
      return `  ${flags.padEnd(WIDTH)} ${help}\n`;
    })
    .join('');
}
