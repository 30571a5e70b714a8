/** docs/ctl.md, as it follows from the table of commands. `npm run config-docs` writes it. */
import { wrapped } from '../config/help.js';
import { OPTIONS } from './arguments.js';
import { type CtlCommand, type Option, SUBJECTS } from './command.js';
import { COMMANDS } from './commands.js';
import { usageOf } from './help.js';

const WIDTH = 120;

const INTRODUCTION = [
  'This page is made from the table of commands (`npm run config-docs`).',
  '`leveret ctl` asks and tells a broker on this machine. Its commands, their arguments, what they print and their exit ' +
    'codes are those of `rabbitmqctl`: a script works after replacing the word. It speaks the HTTP API ' +
    '([management.md](management.md)) by a Unix-domain socket, `ctl.sock` in the data directory, which only the ' +
    "broker's user can open. Whoever opens it may do everything, and needs no password.",
  'It looks for the socket that `--socket FILE`, `--data DIR`, or the variables `LEVERET_CTL_SOCKET` and `LEVERET_DATA` ' +
    'name, else for that in `./data`. A broker puts it elsewhere by `--ctl-socket FILE`: a transient one has none without ' +
    'that, and where the path of the data directory is longer than a socket may have (107 octets on Linux, 103 ' +
    'elsewhere), the broker says so and starts without. There is none on Windows.',
  'Lists are written as `table` (tabs between columns, the default), `json`, `csv` or `pretty_table` (`--formatter`). ' +
    '`-q` leaves out what is said besides, `-s` the names of columns, too. `-n NODE`, `-l` and `--erlang-cookie` are ' +
    'taken and say nothing.',
  'Exit codes: 0, done; 64, the command line is wrong; 65, what it names is not there or not right; 67, there is no ' +
    'such user; 69, no broker answers, or it refuses; 70, it cannot be done as things are; 75, not in time. What ' +
    "is not there is named, with its vhost, behind rabbitmqctl's words, where it has some.",
];

export function ctlPage(): string {
  const paragraphs = INTRODUCTION.map((text) => wrapped(text, WIDTH).join('\n'));
  return `${['# leveret ctl', ...paragraphs, '## All commands take', optionList(OPTIONS), ...SUBJECTS.flatMap(part)].join('\n\n')}\n`;
}

function part(subject: (typeof SUBJECTS)[number]): string[] {
  const commands = COMMANDS.filter((command) => command.subject === subject);
  return commands.length === 0 ? [] : [`## ${subject}`, ...commands.flatMap(section)];
}

function section(command: CtlCommand): string[] {
  const { name, summary, columns, options = {} } = command;
  const told = [sentence(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)];
  if (columns !== undefined) {
    const others = columns.others.length === 0 ? '' : ` Others: ${columns.others.map(code).join(', ')}.`;
    told.push(sentence(`Columns: ${columns.standard.map(code).join(', ')}.${others}`));
  }
  if (Object.keys(options).length > 0) told.push(optionList(options));
  return [`### \`${name}\``, `\`\`\`\n${wrapped(usageOf(command), WIDTH - 4).join('\n    ')}\n\`\`\``, ...told];
}

function optionList(options: Readonly<Record<string, Option>>): string {
  return Object.entries(options)
    .map(([name, { value, short, help }]) => {
      const flags = `${short === undefined ? '' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`;
      return wrapped(`\`${flags}\`: ${help}.`, WIDTH - 2)
        .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
        .join('\n');
    })
    .join('\n');
}

function sentence(text: string): string {
  return wrapped(text, WIDTH).join('\n');
}

function code(name: string): string {
  return `\`${name}\``;
}
