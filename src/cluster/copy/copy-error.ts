/** Why a copy of another node's files could not be made. */

/**
 * silent: the source gives no answer. busy: others copy it. corrupt: what comes is not what was sent, again and again.
 * gone: its files are cleared away again and again. refused: it cannot, or what it offers cannot be taken.
 */
export type CopyErrorCode = 'silent' | 'busy' | 'corrupt' | 'gone' | 'refused';

/** The message names the source, and says what is wrong. What has come stays: another try goes on behind it. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  constructor(
    readonly code: CopyErrorCode,
    source: string,
    reason: string,
  ) {
    super(`the files of ${source} cannot be copied: ${reason}`);
  }
}
