/**
 * This folder is for `leveret ctl`: commands of rabbitmqctl, done by the HTTP API. Here: one command, from its arguments
 * to its exit code. What must hold: what was asked for goes to standard output, what went wrong to standard error.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { socketNamed } from '../config/control-socket.js';
import { Api, ApiError } from './api.js';
import { commandNamed, type Parsed, parseCommand } from './arguments.js';
import { CtlError, EXIT, type ExitCode, UsageError } from './command.js';
import { completionFor, SHELLS, type Shell } from './completion.js';
import { written } from './format.js';
import { helpFor, overview, usageOf } from './help.js';

interface Environment {
  readonly LEVERET_CTL_SOCKET?: string;
  readonly LEVERET_DATA?: string;
}

/** What a command says, and to whom. */
export interface Ends {
  readonly input: NodeJS.ReadableStream;
  out(text: string): void;
  error(text: string): void;
}

export async function runCtl(args: readonly string[], environment: Environment, ends: Ends): Promise<ExitCode> {
  try {
    const parsed = parseCommand(args, { secret: () => firstLine(ends.input), input: () => text(ends.input) });
    if (parsed.wantsHelp) {
      const about = parsed.command ?? (parsed.words[0] === undefined ? null : commandNamed(parsed.words[0]));
      ends.out(about === null ? overview() : helpFor(about));
      return EXIT.OK;
    }
    if (parsed.command === null) {
      ends.out(completionFor(shellOf(parsed.words)));
      return EXIT.OK;
    }
    await run(parsed, environment, ends);
    return EXIT.OK;
  } catch (error) {
    return refuse(error, args, ends);
  }
}

async function run(parsed: Parsed, environment: Environment, ends: Ends): Promise<void> {
  const { command, given, format, isQuiet } = parsed;
  if (command === null) return;
  command.check?.(given);
  const banner = isQuiet || !given.isForPeople ? undefined : command.banner?.(given);
  if (banner !== undefined && banner !== '') ends.out(`${banner}\n`);
  const api = new Api(socketNamed(parsed.socket, parsed.data, environment), AbortSignal.timeout(given.timeout));
  const outcome = await command.run(given, api);
  if (outcome.kind === 'text' && outcome.isRemark === true && isQuiet) return;
  ends.out(written(outcome, format, parsed.hasHeader));
  if (outcome.kind === 'rows' && outcome.note !== undefined) ends.error(`${outcome.note}\n`);
}

function shellOf([, name = '', ...rest]: readonly string[]): Shell {
  const shell = SHELLS.find((one) => one === name);
  if (shell !== undefined && rest.length === 0) return shell;
  throw new UsageError(`completion is for one of ${SHELLS.join(', ')}`);
}

function refuse(error: unknown, args: readonly string[], ends: Ends): ExitCode {
  if (error instanceof UsageError) {
    const usage = error.command === null ? '' : `\nUsage: ${usageOf(error.command)}\n`;
    ends.error(`${error.message}\nArguments given:\n\t${args.join(' ')}\n${usage}`);
    return error.code;
  }
  if (error instanceof CtlError) {
    ends.error(error.isHeaded ? `Error:\n${error.message}\n` : `${error.message}\n`);
    return error.code;
  }
  if (error instanceof ApiError) {
    ends.error(`Error:\n${error.message}\n`);
    return EXIT.UNAVAILABLE;
  }
  throw error;
}

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input });
  const ended = once(lines, 'close').then(() => ['']);
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  lines.close();
  return line;
}
