/**
 * What a program that embeds the broker sees, and all of it: starting one, its handle, its administration, its errors.
 * Whatever else is in the package may change from one version to the next, and cannot be imported by its name.
 */

export type { Permissions, Right, User } from './broker/access/accounts.js';
export type { HashingAlgorithm } from './broker/access/passwords.js';
export type { TopicPermissions, TopicRight } from './broker/access/topic-permissions.js';
export type { PolicySettings } from './broker/arguments/argument.js';
export type { Beginning } from './broker/coordinator/beginning.js';
export type { ImportOutcome } from './broker/coordinator/definitions-administration.js';
export type { OpenConnection } from './broker/decisions/sessions.js';
export type { LimitName, LimitScope, LimitSet } from './broker/policies/limits.js';
export type { Policy, PolicyKind, PolicyProposal, PolicyTarget } from './broker/policies/policies.js';
export type { NodeLimits } from './broker/requests/node-limits.js';
export type { Channel, ChannelEvents } from './channel/channel.js';
export {
  ChannelClosedError,
  ChannelError,
  ConsumerCancelledError,
  PublishRefusedError,
} from './channel/errors.js';
export type { Message, ReturnedMessage } from './channel/message.js';
export type {
  Arguments,
  ChannelOptions,
  ConsumeOptions,
  ExchangeOptions,
  PublishOptions,
  QueueOptions,
  QueueState,
} from './channel/options.js';
export type { HeaderValue, MessageProperties } from './channel/properties.js';
export type { SanType } from './connection/certificates/certificate.js';
export type { LoginFrom } from './connection/certificates/certificate-login.js';
export type { Announced } from './connection/handshake/identity.js';
export type { Verify } from './connection/transport/opening/tls-setup.js';
export type { EngineKind } from './engine/participant.js';
export type { Durability } from './log/commit-log.js';
export type { Area, Level, LevelSettings, Threshold } from './logging/levels.js';
export type { Fields, LogEntry } from './logging/logger.js';
export type { LevelMethods, LogTarget } from './logging/target.js';
export type { Administration, DefinitionsAdministration, UserAdministration } from './node/administration.js';
export type { StartFailure } from './node/broker-messages.js';
export { BrokerClosedError, BrokerDefect, BrokerStartError, ReconfigureError } from './node/errors.js';
export { Broker } from './node/handle.js';
export type { ListenAddress, NetworkKind } from './node/listeners/address.js';
export type { BoundAddress } from './node/listeners/bound.js';
export type {
  BoundHttp,
  BoundMetrics,
  ControlSocketAddress,
  HttpAddress,
  MetricsAddress,
} from './node/management-messages.js';
export {
  type BrokerOptions,
  type ClockKind,
  DEFAULTS,
  type OauthOptions,
  OptionError,
  type OtlpOptions,
  type TlsOptions,
} from './node/options.js';
export type {
  AlarmEvent,
  BrokerEvents,
  ConnectionEvent,
  DamagedPart,
  DamageEvent,
} from './node/program-events.js';
export type { ReloadableOptions } from './node/reloadable.js';
export type { DataOptions } from './node/storage.js';
export type { BrokerClock } from './node/testing/broker-clock.js';
export type { ErrorInWords } from './platform/fatal.js';
