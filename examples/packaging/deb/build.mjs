/**
 * Makes the Debian package: `npm run deb -- [--out FOLDER]`. It holds the packed npm package with the production
 * dependencies that the lock file names, of this architecture, the unit of systemd, a configuration, a man page and
 * completions. What must hold: the same sources give the same package, octet by octet (`SOURCE_DATE_EPOCH`, or the time of
 * the last commit).
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { trimModules } from './modules.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HERE = join(ROOT, 'examples', 'packaging', 'deb');
/** Where the program is. */
const PROGRAM = 'usr/lib/leveret';

/** Debian's part of the version: counted up when the package changes and Leveret does not. */
const REVISION = 1;
/** Who makes packages for others says so, as Debian's tools ask for it. */
const { DEBFULLNAME = 'The Leveret authors', DEBEMAIL = 'leveret@example.org' } = process.env;
const MAINTAINER = `${DEBFULLNAME} <${DEBEMAIL}>`;

const { values } = parseArgs({ options: { out: { type: 'string', default: ROOT } } });
const { name, version, description, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const debianVersion = `${version}-${REVISION}`;
const stage = mkdtempSync(join(tmpdir(), 'leveret-deb-'));
const root = join(stage, 'root');

/** @param {string} command @param {readonly string[]} args @param {import('node:child_process').ExecFileSyncOptions} more */
function run(command, args, more = {}) {
  return String(execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], ...more })).trim();
}

/** @param {string} path in the package @param {string | Buffer} text @param {number} mode */
function put(path, text, mode = 0o644) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

/** A file that is compressed as Debian wants it: without name and time. @param {string} path @param {string} text */
const putCompressed = (path, text) => put(`${path}.gz`, gzipSync(text, { level: 9 }));

/** Seconds since 1970 that all files bear. */
function epoch() {
  return process.env.SOURCE_DATE_EPOCH ?? run('git', ['log', '-1', '--format=%ct']);
}

function installProgram() {
  const program = join(root, PROGRAM);
  mkdirSync(program, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', stage]);
  run('tar', ['-xzf', join(stage, `${name}-${version}.tgz`), '-C', program, '--strip-components=1']);
  copyFileSync(join(ROOT, 'package-lock.json'), join(program, 'package-lock.json'));
  run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--silent'], { cwd: program });
  rmSync(join(program, 'package-lock.json'));
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) rmSync(join(program, file));
  trimModules(join(program, 'node_modules'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync(relative('/usr/bin', `/${PROGRAM}/dist/cli/main.js`), join(root, 'usr/bin/leveret'));
}

function putDocuments() {
  const leveret = (/** @type {string[]} */ ...args) =>
    run(process.execPath, [join(root, PROGRAM, 'dist/cli/main.js'), ...args]);
  const share = `usr/share/doc/${name}`;
  put(`${share}/copyright`, readFileSync(join(HERE, 'copyright')));
  putCompressed(`${share}/changelog`, readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'));
  putCompressed(`${share}/changelog.Debian`, changelog());
  put(`usr/share/lintian/overrides/${name}`, readFileSync(join(HERE, 'lintian-overrides')));
  putCompressed(
    'usr/share/man/man1/leveret.1',
    manPage(leveret('--help'), new Date(Number(epoch()) * 1000).toISOString().slice(0, 10)),
  );
  for (const [shell = '', path = ''] of [
    ['bash', 'usr/share/bash-completion/completions/leveret'],
    ['zsh', 'usr/share/zsh/vendor-completions/_leveret'],
    ['fish', 'usr/share/fish/vendor_completions.d/leveret.fish'],
  ]) {
    put(path, `${leveret('ctl', 'completion', shell)}\n`);
  }
}

/** Of the package; what is new in Leveret is told beside it. */
function changelog() {
  const day = new Date(Number(epoch()) * 1000).toUTCString().replace('GMT', '+0000');
  return `${[
    `${name} (${debianVersion}) unstable; urgency=medium`,
    '',
    `  * Leveret ${version}: changelog.gz says what is new.`,
    '',
    ` -- ${MAINTAINER}  ${day}`,
  ].join('\n')}\n`;
}

/** What `--help` says, as a page. @param {string} help @param {string} day */
function manPage(help, day) {
  const literally = (/** @type {string} */ text) =>
    text
      .replaceAll('\\', '\\e')
      .replaceAll('-', '\\-')
      .replaceAll(/^([.'])/gm, '\\&$1');
  return `${[
    `.TH LEVERET 1 "${day}" "leveret ${version}" "User Commands"`,
    '.SH NAME',
    'leveret \\- message broker for AMQP 0\\-9\\-1',
    '.SH DESCRIPTION',
    '.nf',
    literally(help),
    '.fi',
    '.SH FILES',
    '.I /etc/leveret/leveret.toml',
    'holds the settings of the service;',
    '.I /var/lib/leveret',
    'its messages.',
  ].join('\n')}\n`;
}

function putService() {
  put('usr/lib/systemd/system/leveret.service', readFileSync(join(ROOT, 'examples/packaging/systemd/leveret.service')));
  put('etc/leveret/leveret.toml', readFileSync(join(ROOT, 'examples/leveret.toml')));
  put('etc/default/leveret', readFileSync(join(HERE, 'default')));
}

function putControl() {
  const architecture = run('dpkg', ['--print-architecture']);
  const size = Number(run('du', ['-sk', '--apparent-size', root]).split('\t')[0]);
  const control = [
    `Package: ${name}`,
    `Version: ${debianVersion}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${size}`,
    'Pre-Depends: init-system-helpers (>= 1.54~)',
    // Native modules need glibc alone of this architecture; Debian has such a Node from release 13 on.
    `Depends: nodejs (${engines.node.replace('>=', '>= ')}), adduser, libc6 (>= 2.31), libstdc++6`,
    'Section: net',
    'Priority: optional',
    'Description: message broker for AMQP 0-9-1',
    ...` ${description} Clients of RabbitMQ use it unchanged.`.match(/ .{1,77}(?= |$)/g),
    '',
  ];
  mkdirSync(join(root, 'DEBIAN'));
  writeFileSync(join(root, 'DEBIAN/control'), control.join('\n'));
  writeFileSync(join(root, 'DEBIAN/conffiles'), '/etc/default/leveret\n/etc/leveret/leveret.toml\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(HERE, script), join(root, 'DEBIAN', script));
    chmodSync(join(root, 'DEBIAN', script), 0o755);
  }
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.startsWith('DEBIAN') && lstatSync(join(root, file)).isFile())
    .sort();
  writeFileSync(join(root, 'DEBIAN/md5sums'), `${run('md5sum', files, { cwd: root })}\n`);
  return join(values.out, `${name}_${debianVersion}_${architecture}.deb`);
}

// Whoever builds it: its files can be read by all.
process.umask(0o022);
try {
  installProgram();
  putDocuments();
  putService();
  run('chmod', ['-R', 'u=rwX,go=rX', root]);
  const deb = putControl();
  mkdirSync(values.out, { recursive: true });
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, deb], {
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch() },
  });
  console.log(deb);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
