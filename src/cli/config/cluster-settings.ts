/**
 * The settings of a node of a cluster. Their values, and what these may be, are those of `ClusterOptions`. What must
 * hold: they stand in the table of settings when the command starts a node of a cluster by them, and not before.
 */

import {
  CLUSTER_DEFAULTS,
  isMonitor,
  isNodeName,
  isStreamName,
  MEMBER_ADDRESS,
  MONITOR,
  NATS_SERVER,
  NODE_NAME,
  parseMemberAddress,
  parseNatsServer,
  STREAM_NAME,
  STREAM_SIZE_MAX,
  STREAM_SIZE_MIN,
} from '../../node/cluster-options.js';
import { hostText } from '../../node/listeners/address.js';
import type { MembersAddress } from '../../node/listeners/members.js';
import { type Kind, oneOf, parsed, size, text, texts, yesOrNo } from './kinds.js';
import type { Setting } from './settings.js';

function setting<T>(kind: Kind<T>, rest: Omit<Setting<T>, 'kind'>): Setting<T> {
  return { kind, ...rest };
}

/** Where the command says nothing of a node's name, it is the machine's. */
export const CLUSTER_SETTINGS = {
  cluster_servers: setting(
    texts('SERVER', NATS_SERVER, (one) => parseNatsServer(one) !== null),
    {
      help:
        "be a node of a cluster, whose stream these NATS servers keep: the broker's log goes through it, and one node " +
        'serves; several may be given',
      standard: null,
    },
  ),
  cluster_node: setting(parsed('NAME', NODE_NAME, nodeName, String), {
    help: 'the name of this node, which no other node of its cluster has',
    standard: null,
    standardText: "the machine's",
  }),
  cluster_address: setting(parsed('HOST:PORT', MEMBER_ADDRESS, memberAddress, memberAddressText), {
    help: 'where the other nodes pass clients on to this one while it serves; it listens there for them alone',
    standard: null,
  }),
  cluster_proxy: setting(oneOf(['on', 'off']), {
    help: 'on: clients may come to this node while another one serves, and are passed on; off: its port is closed then',
    standard: CLUSTER_DEFAULTS.proxy ? 'on' : 'off',
  }),
  cluster_stream: setting(parsed('NAME', STREAM_NAME, streamName, String), {
    help: 'the name of the stream: nodes with the same one are a cluster; it is made where there is none',
    standard: CLUSTER_DEFAULTS.stream,
  }),
  cluster_stream_size: setting(size(STREAM_SIZE_MIN, STREAM_SIZE_MAX, 'a size of 64M or more, such as 16G'), {
    help: 'how much the stream may hold, where it is made',
    standard: CLUSTER_DEFAULTS.streamSize,
  }),
  cluster_user: setting(text('USER', 'the name of a user'), {
    help: 'the user as whom this node comes to the NATS servers',
    standard: null,
  }),
  cluster_password: setting(text('PASSWORD', 'a password'), {
    help: 'the password of that user',
    standard: null,
    isSecret: true,
  }),
  cluster_token: setting(text('TOKEN', 'a token'), {
    help: 'the token that the NATS servers want, instead of a user',
    standard: null,
    isSecret: true,
  }),
  cluster_credentials: setting(text('FILE', 'the name of a file'), {
    help: 'a file of credentials (.creds) for the NATS servers, instead of a user',
    standard: null,
  }),
  cluster_tls_ca: setting(text('FILE', 'the name of a file'), {
    help: 'certificates (PEM) of those who may sign for the NATS servers; with it they are spoken to by TLS alone',
    standard: null,
    standardText: 'with tls://, those that Node.js knows',
  }),
  cluster_tls_cert: setting(text('FILE', 'the name of a file'), {
    help: 'the certificate (PEM) that this node shows to the NATS servers',
    standard: null,
  }),
  cluster_tls_key: setting(text('FILE', 'the name of a file'), {
    help: 'the key of that certificate (PEM, without a password)',
    standard: null,
  }),
  cluster_tls_first: setting(yesOrNo, {
    help: 'begin with TLS before a NATS server has said anything, where the servers are set so (handshake_first)',
    standard: false,
  }),
  cluster_monitors: setting(texts('URL', MONITOR, isMonitor), {
    help: 'monitoring ports of the NATS servers, where they say whether they sync before they acknowledge; several may be given',
    standard: null,
  }),
  cluster_system_user: setting(text('USER', 'the name of a user'), {
    help: "a user of the NATS servers' system account, whom they tell the same",
    standard: null,
  }),
  cluster_system_password: setting(text('PASSWORD', 'a password'), {
    help: 'the password of that user',
    standard: null,
    isSecret: true,
  }),
  cluster_system_credentials: setting(text('FILE', 'the name of a file'), {
    help: 'a file of credentials (.creds) for the system account, instead of a user',
    standard: null,
  }),
  cluster_allow_weak: setting(yesOrNo, {
    help: 'use a stream that promises less than it should, and say so: for trials',
    standard: CLUSTER_DEFAULTS.allowWeak,
  }),
};

export type ClusterKey = keyof typeof CLUSTER_SETTINGS;

function nodeName(given: string): string | undefined {
  return isNodeName(given) ? given : undefined;
}

function streamName(given: string): string | undefined {
  return isStreamName(given) ? given : undefined;
}

function memberAddress(given: string): MembersAddress | undefined {
  return parseMemberAddress(given) ?? undefined;
}

export function memberAddressText({ host, port }: MembersAddress): string {
  return `${hostText(host)}:${port}`;
}
