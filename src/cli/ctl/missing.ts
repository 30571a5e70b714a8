/**
 * What a command names and is not there. What must hold: it is named, with its vhost; where rabbitmqctl has words for it,
 * by which scripts know it, these stand first.
 */
import { type Api, at } from './api.js';
import { CtlError, EXIT, type ExitCode } from './command.js';

/** rabbitmqctl's words, and its exit codes. */
const WORDS = {
  purged: { text: 'not_found', code: EXIT.UNAVAILABLE },
  deleted: { text: 'Queue not found', code: EXIT.USAGE },
  cleared: { text: 'Parameter does not exist', code: EXIT.UNAVAILABLE },
} as const satisfies Record<string, { readonly text: string; readonly code: ExitCode }>;

/** `what`: as in "policy 'p'". Where its vhost is not there either, that is said. */
export async function missingIn(api: Api, vhost: string, what: string, words: keyof typeof WORDS): Promise<CtlError> {
  const hasVhost = (await api.find(at('vhosts', vhost))) !== null;
  return missing(hasVhost ? `${what} in vhost '${vhost}'` : `vhost '${vhost}'`, words);
}

export function missing(what: string, words: keyof typeof WORDS): CtlError {
  const { text, code } = WORDS[words];
  return new CtlError(code, `${text}: no ${what}`);
}
