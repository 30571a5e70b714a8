/** What `--help` prints, made from the settings. */
import { flagOf, KEYS, type Key, settingOf, standardText } from './settings.js';

const INDENT = 20;
const WIDTH = 100;

export const HELP = `Usage: leveret [options]
       leveret log DIR    shows what the log files of a data directory hold
       leveret log DIR --check
                          says what is wrong with them, and what to do
       leveret ctl COMMAND
                          asks and tells a running broker, as rabbitmqctl does (leveret ctl help)
       leveret cluster status
                          tells of the cluster that a node belongs to (leveret cluster --help)
       leveret perf [options]
                          puts a load on a broker, and measures it (leveret perf --help)
       leveret migrate --from URL [options]
                          moves what a broker has to a Leveret (leveret migrate --help)
       leveret cert DIR [options]
                          makes certificates for a trial of TLS (leveret cert --help)
       leveret bench [options]
                          measures WebAssembly and JavaScript beside each other (leveret bench --help)
       leveret healthcheck [--port HTTP-PORT]
                          says whether a broker serves; exit code 0 or 1
       leveret config [options]
                          prints what is in force, and where each value comes from

Serves AMQP 0-9-1 (user guest, password guest, virtual host /). Each option may be set in the
environment (LEVERET_PORT for --port), and in a file (port = 5672).

${KEYS.filter((key) => settingOf(key).isSecret !== true)
  .map(entry)
  .join('\n')}
  --help, --version
`;

function entry(key: Key): string {
  const { kind, help } = settingOf(key);
  const flag = flagOf(key);
  const head = kind.argument === null ? `  --[no-]${flag.slice(2)}` : `  ${flag} ${kind.argument}`;
  const standard = standardText(key);
  const lines = wrapped(standard === null ? help : `${help} (default ${standard})`, WIDTH - INDENT);
  const [first = '', ...rest] = head.length < INDENT - 1 ? lines : ['', ...lines];
  return [head.padEnd(INDENT).concat(first).trimEnd(), ...rest.map((line) => ' '.repeat(INDENT).concat(line))].join(
    '\n',
  );
}

/** Words in lines of at most `width`. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
