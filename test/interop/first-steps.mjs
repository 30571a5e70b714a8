/**
 * Runs a program of docs/first-steps.md as it stands there, but for the broker's address: `node first-steps.mjs LANGUAGE`,
 * with what `npm run interop` has built for that language. It passes if the program says that it has received its message.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from './commands.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILD = `${HERE}build`;
const PROGRAM_MS = 120_000;

/** @type {Readonly<Record<string, { file: string, run: readonly [string, ...string[]] }>>} */
const LANGUAGES = {
  js: { file: 'first.mjs', run: [process.execPath, 'first.mjs'] },
  python: { file: 'first.py', run: [`${BUILD}/python/bin/python`, 'first.py'] },
  go: { file: 'main.go', run: ['go', 'run', '.'] },
  java: { file: 'First.java', run: ['java', '-cp', `${BUILD}/java/lib/*`, 'First.java'] },
  php: { file: 'first.php', run: ['php', 'first.php'] },
};

const [name = ''] = process.argv.slice(2);
const language = LANGUAGES[name];
if (language === undefined) throw new Error(`no ${name}; there are ${Object.keys(LANGUAGES).join(', ')}`);
const { hostname, port } = new URL(process.env.AMQP_URL ?? 'amqp://localhost:5672');
const page = readFileSync(new URL('../../docs/first-steps.md', import.meta.url), 'utf8');
const code = new RegExp(`^\`\`\`${name}\\n(.*?)^\`\`\``, 'ms').exec(page)?.[1];
if (code === undefined) throw new Error(`docs/first-steps.md has no program in ${name}`);
const folder = `${BUILD}/first-steps/${name}`;
mkdirSync(folder, { recursive: true });
if (name === 'go') for (const file of ['go.mod', 'go.sum']) cpSync(`${HERE}go/${file}`, `${folder}/${file}`);
// PHP's takes host and port apart.
const here = code
  .replaceAll('localhost:5672', `${hostname}:${port}`)
  .replace("'host' => 'localhost', 'port' => 5672", `'host' => '${hostname}', 'port' => ${port}`);
writeFileSync(`${folder}/${language.file}`, here);
const { code: exit, output } = await runCommand(language.run, { cwd: folder, timeoutMs: PROGRAM_MS });
process.stdout.write(output);
if (exit !== 0 || !output.includes('received: hello')) process.exit(1);
process.stdout.write(`ok docs/first-steps.md: ${name}\n`);
