/**
 * docs/configuration.md and examples/leveret.toml, as they follow from the settings; beside them docs/ctl.md,
 * docs/cluster-command.md, docs/metrics.md and docs/perf.md.
 * `npm run config-docs` writes them.
 */
import { clusterPage } from '../cluster/help.js';
import { ctlPage } from '../ctl/document.js';
import { perfPage } from '../perf/document.js';
import { wrapped } from './help.js';
import { toml } from './in-force.js';
import { metricsPage } from './metrics-page.js';
import { FILE_KEYS, flagOf, KEYS, type Key, settingOf, standardText, variablesOf } from './settings.js';

const WIDTH = 120;

/** What the documents are called in the repository. */
export const DOCUMENTS = {
  'docs/configuration.md': configurationPage,
  'examples/leveret.toml': exampleFile,
  'docs/ctl.md': ctlPage,
  'docs/cluster-command.md': clusterPage,
  'docs/metrics.md': metricsPage,
  'docs/perf.md': perfPage,
} as const;

const INTRODUCTION = [
  'This page is made from the table of settings (`npm run config-docs`).',
  'Each setting may be given by a flag, in the environment, and in a TOML file (`--config FILE`, or the variable ' +
    '`LEVERET_CONFIG`). A flag comes before the environment, that before the file, and that before the default. ' +
    'What is in force, and where each value comes from, is printed by `leveret config`; secrets are not shown. ' +
    '[leveret.toml](../examples/leveret.toml) is a file with all that can stand in it.',
  'A name that means nothing is refused, and so is a wrong value, with its place in the file and the nearest right ' +
    'name: nothing is left out in silence. This is so too for variables that begin with `LEVERET_`, but for those that ' +
    'Kubernetes sets for a service of this name (`LEVERET_SERVICE_HOST`, `LEVERET_PORT=tcp://...` and the like).',
  'On SIGHUP the broker reads all of it anew, and says what has changed. What needs a restart is said too, and stays as ' +
    'it is. Where anything is wrong, nothing changes. (Windows has no such signal; a program that embeds the broker ' +
    'calls `reconfigure`.)',
  'Of two settings that cannot both be (`listen` with `host` or `port`; `transient` with what is about data), the ' +
    'nearer source counts; from the same source they are refused. Files that settings name are found from where the ' +
    'broker is started. In the environment commas stand between the values of a list, and 1 and 0 may stand for true and false.',
];

export function configurationPage(): string {
  const paragraphs = INTRODUCTION.map((text) => wrapped(text, WIDTH).join('\n'));
  return `${['# Configuration', ...paragraphs, '## Settings', ...KEYS.map(section)].join('\n\n')}\n`;
}

function section(key: Key): string {
  const { kind, isSecret, isOutside, isReloadable, help } = settingOf(key);
  const standard = standardText(key);
  const ways = [
    ...(isSecret === true ? [] : [`\`${flagText(key)}\``]),
    ...variablesOf(key).map((name) => `\`${name}\``),
    ...(isOutside === true ? [] : ['the file']),
  ];
  const items = [
    `Value: ${kind.isList ? 'a list, each ' : ''}${kind.expected}.${standard === null ? '' : ` Default: ${standard}.`}`,
    `By ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}.${isSecret === true ? ' It is a secret: never shown.' : ''}`,
    ...(isOutside === true ? [] : [isReloadable === true ? 'Read again on SIGHUP.' : 'A change needs a restart.']),
  ];
  return [`### \`${key}\``, sentence(help), items.map((item) => bullet(item)).join('\n')].join('\n\n');
}

function flagText(key: Key): string {
  const { argument } = settingOf(key).kind;
  return argument === null ? `--[no-]${flagOf(key).slice(2)}` : `${flagOf(key)} ${argument}`;
}

function sentence(help: string): string {
  return wrapped(`${help.charAt(0).toUpperCase()}${help.slice(1)}.`, WIDTH).join('\n');
}

function bullet(text: string): string {
  return wrapped(text, WIDTH - 2)
    .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
    .join('\n');
}

const HEAD = [
  '# Leveret reads this file with `leveret --config FILE`. Each line that begins with `#` and a key is what holds where',
  '# nothing is said, or an example. docs/configuration.md tells more; `leveret config --config FILE` says what is in',
  '# force. (Made from the table of settings by `npm run config-docs`.)',
];

/** What a key may stand with where nothing holds by default. */
const EXAMPLES: Partial<Record<Key, string>> = {
  tls_cert: toml('/etc/leveret/certificate.pem'),
  tls_crl: toml('/etc/leveret/revoked.pem'),
  tls_key: toml('/etc/leveret/key.pem'),
  listen: toml(['tcp://[::]:5672', 'unix:///run/leveret/amqp.sock']),
  proxy_protocol_from: toml(['10.0.0.7', '10.1.0.0/16', 'fd00::/8']),
  workers: '2',
  memory: toml('2G'),
  disk_free_limit: toml('1G'),
  anonymous: toml('visitor'),
  log_file: toml('/var/log/leveret/leveret.log'),
  ctl_socket: toml('/run/leveret/ctl.sock'),
  load_definitions: toml('/etc/leveret/definitions.json'),
};

export function exampleFile(): string {
  return `${[HEAD.join('\n'), ...FILE_KEYS.map(exampleEntry)].join('\n\n')}\n`;
}

function exampleEntry(key: Key): string {
  const { kind, standard, help, standardText: words, isReloadable } = settingOf(key);
  const value = standard === null ? (EXAMPLES[key] ?? toml('')) : toml(kind.write(standard));
  const said = words === undefined ? sentence(help) : `${sentence(help)} Default: ${words}.`;
  const changed = isReloadable === true ? ' Read again on SIGHUP.' : '';
  const comment = wrapped(said.replaceAll('\n', ' ').concat(changed), WIDTH - 2).map((line) => `# ${line}`);
  return [...comment, `#${key} = ${value}`].join('\n');
}
