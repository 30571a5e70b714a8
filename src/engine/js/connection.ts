/** A connection: its limits, its channels, where its input and its output stand. Private to the worker of its socket. */
import type { Channel } from './channel.js';
import type { Consumer } from './consumer.js';
import { ContentFrames } from './content-frames.js';
import { Carry } from './carry.js';
import type { Outbox } from './outbox.js';

const INITIAL_INPUT_MAX = 8192;
const INITIAL_FRAME_MAX = 4096;

/** A frame whose payload is taken as it comes. */
export type Streaming =
  | { kind: 'none' }
  /** A body frame of a message that the channel is receiving. */
  | { kind: 'body'; channel: Channel }
  /** A frame that is swallowed. */
  | { kind: 'skip' };

export const NOT_STREAMING: Streaming = { kind: 'none' };
export const SKIPPING: Streaming = { kind: 'skip' };

export class Connection {
  /** Longest frame that is accepted, and that is sent. */
  inputMax = INITIAL_INPUT_MAX;
  outputMax = INITIAL_FRAME_MAX;
  readonly channels = new Map<number, Channel>();

  readonly carry = new Carry();
  streaming: Streaming = NOT_STREAMING;
  /** Payload bytes of the streaming frame that have not come; the end octet follows them. */
  streamLeft = 0;

  /** Content that did not fit an outbox: nothing else is written before its end. */
  readonly content: ContentFrames;
  /** Channels with handled publishes that are not confirmed yet. */
  readonly owing: Channel[] = [];
  /** Consumers that wait for room in the outbox. */
  readonly withoutRoom: Consumer[] = [];
  /** In the list of connections that have bytes to send. */
  announced = false;
  closed = false;

  constructor(
    readonly handle: number,
    readonly id: number,
    public vhost: number,
    readonly outbox: Outbox,
    content: ContentFrames,
  ) {
    this.content = content;
  }
}
