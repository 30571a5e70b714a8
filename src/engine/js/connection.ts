/** A connection: its limits, its channels, where its input and its output stand. Private to the worker of its socket. */

import { Carry } from './carry.js';
import type { Channel } from './channel.js';
import type { Consumer } from './consumer.js';
import type { ContentFrames } from './content-frames.js';
import type { Outbox } from './outbox.js';

const INITIAL_INPUT_MAX = 8192;
const INITIAL_FRAME_MAX = 4096;

export class Connection {
  /** Longest payload that is accepted, and longest frame that is sent. */
  inputMax = INITIAL_INPUT_MAX;
  outputMax = INITIAL_FRAME_MAX;
  readonly channels = new Map<number, Channel>();

  readonly carry = new Carry();
  /** The channel whose body frame is taken as it comes, and the payload bytes of it that have not come; the end octet follows. */
  streaming: Channel | null = null;
  streamLeft = 0;
  /** The channel whose message is whole but could not be enqueued yet. */
  completing: Channel | null = null;

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
