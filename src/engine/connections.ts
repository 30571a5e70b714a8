/**
 * Connections and channels, and the scan of what their clients send. The worker that owns the socket calls these.
 */
import {
  BODY_MAX,
  CHANNEL_MAX,
  CONTENT_BODY,
  CONTENT_HEADER,
  CONTENT_NONE,
  FRAME_MAX,
  STOP_END,
  STOP_FRAME,
  STOP_FRAME_END,
  STOP_MEMORY,
  STOP_MESSAGE,
  STOP_OVERSIZE,
  STOP_ROUTE,
  STOP_TOPOLOGY,
  STOP_WORK,
} from '../numbers/core.js';
import type { Channel, Connection, CounterList, Message } from './references.js';

/** Why `ingest` came back. */
export const Stop = {
  /** All bytes were taken (what is incomplete is kept by the core). */
  END: STOP_END,
  /**
   * A whole, well-framed frame that is the host's to handle: `frameOffset`, `frameLength` (header and end octet
   * included). It counts as consumed.
   */
  FRAME: STOP_FRAME,
  /**
   * A basic.publish whose route is not known: the key (exchange and routing key as two short strings) lies at
   * `frameOffset`, `frameLength`; the channel is `stopChannel`. Not consumed: install a route (or close the channel)
   * and call again with the rest.
   */
  ROUTE: STOP_ROUTE,
  /**
   * A whole message whose route asks the host: `stopMessage`, `stopChannel`. Consumed. It is the host's until it
   * answers with `publish`: before the next `ingest` of this connection, or, on a transactional channel, at any time.
   * Besides the route, the message itself may ask for the host: an `expiration` that is no number of milliseconds, a
   * `user-id`, a header CC or BCC, or `amq.rabbitmq.reply-to` as `reply-to`.
   */
  MESSAGE: STOP_MESSAGE,
  /**
   * No memory for a message: keep the rest, stop reading this socket, and try again after a doorbell or a later turn.
   */
  MEMORY: STOP_MEMORY,
  /**
   * The topology epoch has moved: apply the changes waiting in the port, call `applyTopology`, and call again with the
   * rest.
   */
  TOPOLOGY: STOP_TOPOLOGY,
  /**
   * A frame whose payload is longer than frame-max (the 8 octets around it are forgiven, as RabbitMQ does); its 7-octet
   * header is at `frameOffset`. The connection cannot go on.
   */
  OVERSIZE: STOP_OVERSIZE,
  /**
   * A frame that does not end in 0xCE; it is at `frameOffset`, `frameLength` (0 when it is a long body, whose start is
   * gone). The connection cannot go on.
   */
  FRAME_END: STOP_FRAME_END,
  /**
   * As much work was done as was asked for. What is left is to be brought when others have had their turn; nothing else
   * is asked of the host.
   */
  WORK: STOP_WORK,
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/** What a channel expects next from its client. */
export const Content = {
  /** A method frame. */
  NONE: CONTENT_NONE,
  /** The content header of a basic.publish. */
  HEADER: CONTENT_HEADER,
  /** More body. */
  BODY: CONTENT_BODY,
} as const;
export type Content = (typeof Content)[keyof typeof Content];

/** Limits that both engines keep. */
export const Limit = {
  /** Largest frame of all (bytes, header and end octet included); what tune offers. */
  FRAME_MAX,
  /** Largest body of all (bytes); one that is too long is handed over as `Stop.FRAME` with its header frame. */
  BODY_MAX,
  /** Most channels of a connection. */
  CHANNEL_MAX,
} as const;

export interface ConnectionCalls {
  /** Bytes of the input that the last `ingest` took. */
  readonly consumed: number;
  readonly frameOffset: number;
  readonly frameLength: number;
  /** Number of the channel that the last stop is about, and its message. */
  readonly stopChannel: number;
  readonly stopMessage: Message;
  /** `id` is the host's own number for it (0 … 2^31 − 1): `nextOutput` returns it. 0 when there is no memory. */
  openConnection(id: number, vhost: number): Connection;
  /** Frame-max as negotiated (bytes); until then an initial limit of 8192 holds for input. */
  setFrameMax(connection: Connection, bytes: number): void;
  /** Largest body that may come in from now on (bytes); `Limit.BODY_MAX` holds until then, and is the most. */
  setBodyMax(connection: Connection, bytes: number): void;
  /**
   * What route keys of this connection belong to: a vhost, as its user may write there (a number the host chose); and
   * where is counted what it does in its vhost.
   */
  setVhost(connection: Connection, vhost: number, counters: CounterList): void;
  /** What it does is counted there from now on; 0: for no vhost. Before the list of a vhost that goes is closed. */
  countForVhost(connection: Connection, counters: CounterList): void;
  /** Requeues everything unacknowledged, cancels all consumers, frees everything. Call it when the socket is closed. */
  closeConnection(connection: Connection): void;
  /**
   * Scans bytes that a socket delivered into core memory, until some `work` is done (without limit, if none is given):
   * it stops behind the message, or amid the acknowledgement of many, that is too much. Until the channel is opened,
   * every frame comes back as `Stop.FRAME`.
   */
  ingest(connection: Connection, offset: number, length: number, work?: number): Stop;
  /** 0 when there is no memory. The number must be free (1 … 65535). */
  openChannel(connection: Connection, number: number): Channel;
  /**
   * Requeues what is unacknowledged, cancels consumers, drops a message half received. From now on the core swallows
   * every frame on this number but channel.close and channel.close-ok, which come as `Stop.FRAME`.
   */
  closeChannel(channel: Channel): void;
  /** Forgets a channel (closing it if need be); the number can be opened anew. */
  freeChannel(channel: Channel): void;
  contentState(channel: Channel): Content;
  /** Publishes that were taken and are not confirmed to the client yet. */
  unconfirmedCount(channel: Channel): number;
  /** From now on publishes are numbered from 1 and confirmed. */
  setConfirm(channel: Channel): void;
  /**
   * From now on every whole message comes as `Stop.MESSAGE` and every acknowledgement as `Stop.FRAME`: the host keeps
   * them until it commits.
   */
  setTransactional(channel: Channel): void;
}
