/**
 * This folder is the file of definitions that RabbitMQ exports and imports: how it is read, what must be so that it can
 * be imported, how one is written; the coordinator, and who gets such a file, may import it.
 *
 * What a file says, once it is read: plain values that are right in themselves. What must hold: each entry knows its
 * place in the file, so that whoever finds later that it cannot be can say where it stands.
 */
import type { Permissions } from '../access/accounts.js';
import type { PasswordHash } from '../access/passwords.js';
import type { TopicPermissions } from '../access/topic-permissions.js';
import type { GlobalParameter } from '../policies/global-parameters.js';
import type { PolicyKind, PolicyProposal } from '../policies/policies.js';
import type { Request } from '../requests/requests.js';
import type { VhostMetadata } from '../requests/vhost-metadata.js';

/** Such as `queues[3]`. */
interface Entry {
  readonly place: string;
}

export interface VhostEntry extends Entry {
  readonly vhost: string;
  /** None is changed that is not named. */
  readonly metadata: Partial<VhostMetadata> | null;
}

export interface UserEntry extends Entry {
  readonly name: string;
  /** A text is the password itself. */
  readonly password: string | PasswordHash;
  readonly tags: readonly string[];
  /** None is changed that is not named. */
  readonly limits: Readonly<Record<string, unknown>>;
}

export interface PermissionsEntry extends Entry {
  readonly permissions: Permissions;
}

export interface TopicPermissionsEntry extends Entry {
  readonly permissions: TopicPermissions;
}

export interface PolicyEntry extends Entry {
  readonly kind: PolicyKind;
  readonly proposal: PolicyProposal;
}

export interface VhostLimitsEntry extends Entry {
  readonly vhost: string;
  readonly limits: Readonly<Record<string, unknown>>;
}

export interface GlobalParameterEntry extends Entry {
  readonly parameter: GlobalParameter;
}

/** What is declared, as a client would ask for it. */
interface Declaration<R extends Request> extends Entry {
  readonly request: R;
}

type RequestOf<Op extends Request['op']> = Request extends infer R
  ? R extends { readonly op: infer Known }
    ? Op extends Known
      ? R & { readonly op: Op }
      : never
    : never
  : never;

export type ExchangeDeclaration = Declaration<RequestOf<'exchange.declare'>>;
export type QueueDeclaration = Declaration<RequestOf<'queue.declare'>>;
export type BindingDeclaration = Declaration<RequestOf<'queue.bind'>> | Declaration<RequestOf<'exchange.bind'>>;

export interface DefinitionsFile {
  /** It tells who and what there is; else it tells of one vhost's queues and exchanges alone. */
  readonly isWhole: boolean;
  readonly vhosts: readonly VhostEntry[];
  readonly users: readonly UserEntry[];
  readonly permissions: readonly PermissionsEntry[];
  readonly topicPermissions: readonly TopicPermissionsEntry[];
  readonly policies: readonly PolicyEntry[];
  readonly vhostLimits: readonly VhostLimitsEntry[];
  readonly globalParameters: readonly GlobalParameterEntry[];
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly BindingDeclaration[];
  /** What of it means nothing here, in lines for the operator. */
  readonly notes: readonly string[];
}
