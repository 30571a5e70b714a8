/** What is said of a vhost, beside its name. */

export interface VhostMetadata {
  readonly description: string;
  readonly tags: readonly string[];
  /** Of queues that are declared without one. */
  readonly defaultQueueType: DefaultQueueType;
  /** What passes through the vhost is to be copied to `amq.rabbitmq.trace`. */
  readonly tracing: boolean;
  /** It cannot be deleted until that is taken back. */
  readonly protectedFromDeletion: boolean;
}

/** Null: nothing is said, and they are classic. */
export type DefaultQueueType = 'classic' | 'quorum' | null;

export const NO_METADATA: VhostMetadata = {
  description: '',
  tags: [],
  defaultQueueType: null,
  tracing: false,
  protectedFromDeletion: false,
};

/** The longest description, and all tags together (characters). */
const TEXT_MAX = 4_096;

/** Why a vhost cannot have such metadata; null: it can. */
export function metadataError({ description = '', tags = [] }: Partial<VhostMetadata>): string | null {
  if (description.length > TEXT_MAX) return `the description is longer than ${TEXT_MAX} characters`;
  return tags.join().length > TEXT_MAX ? `all tags together are longer than ${TEXT_MAX} characters` : null;
}

/** Undefined: there are no queues of such a type here. RabbitMQ writes `undefined` where nothing is said. */
export function defaultQueueTypeOf(given: unknown): DefaultQueueType | undefined {
  if (given === undefined || given === null || given === '' || given === 'undefined') return null;
  return given === 'classic' || given === 'quorum' ? given : undefined;
}
