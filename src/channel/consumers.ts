/**
 * Who gets a channel's messages: callbacks, and loops over messages. What must hold: a consumer is known before its first
 * message can come; what a callback throws is the program's, and holds up no other message.
 */
import { ChannelClosedError, ConsumerCancelledError } from './errors.js';
import type { Message } from './message.js';

/** Gets the messages of a consumer, one after the other. */
export interface Sink {
  onMessage(message: Message): void;
  /** The consumer is ended, by the program or by the broker. What has come can still be acknowledged. */
  onCancelled(byBroker: boolean): void;
  /** The channel is over; null: the program has closed it. */
  onEnd(error: Error | null): void;
}

export class Consumers {
  readonly #sinks = new Map<string, Sink>();
  #lastTag = '';
  #last: Sink | undefined;
  #count = 0;

  /** A tag that no other consumer of the channel has. */
  newTag(): string {
    do this.#count += 1;
    while (this.#sinks.has(`consumer-${this.#count}`));
    return `consumer-${this.#count}`;
  }

  has(consumerTag: string): boolean {
    return this.#sinks.has(consumerTag);
  }

  add(consumerTag: string, sink: Sink): void {
    this.#sinks.set(consumerTag, sink);
  }

  remove(consumerTag: string): Sink | undefined {
    const sink = this.#sinks.get(consumerTag);
    this.#sinks.delete(consumerTag);
    if (this.#lastTag === consumerTag) this.#last = undefined;
    return sink;
  }

  deliver(message: Message): void {
    const { consumerTag } = message;
    if (this.#last === undefined || consumerTag !== this.#lastTag) {
      this.#last = this.#sinks.get(consumerTag);
      this.#lastTag = consumerTag;
    }
    this.#last?.onMessage(message);
  }

  end(error: Error | null): void {
    for (const sink of this.#sinks.values()) sink.onEnd(error);
    this.#sinks.clear();
    this.#last = undefined;
  }
}

/** A callback of the program's. */
export class CallbackSink implements Sink {
  readonly #callback: (message: Message) => unknown;
  readonly #onCancelled: () => void;

  /** `onCancelled`: the broker has ended the consumer. */
  constructor(callback: (message: Message) => unknown, onCancelled: () => void) {
    this.#callback = callback;
    this.#onCancelled = onCancelled;
  }

  onMessage(message: Message): void {
    try {
      this.#callback(message);
    } catch (error) {
      // As an exception that nobody catches: the messages behind it are delivered all the same.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  onCancelled(byBroker: boolean): void {
    if (byBroker) this.#onCancelled();
  }

  onEnd(): void {}
}

/** Messages for a loop, which takes them one by one. The prefetch bounds how many wait here. */
export class LoopSink implements Sink {
  readonly #waiting: Message[] = [];
  #next: { resolve(message: Message | null): void; reject(error: Error): void } | null = null;
  /** Undefined: it goes on. Null: it is over, without an error. */
  #end: Error | null | undefined;
  readonly #consumerTag: string;

  constructor(consumerTag: string) {
    this.#consumerTag = consumerTag;
  }

  onMessage(message: Message): void {
    const next = this.#next;
    this.#next = null;
    if (next === null) this.#waiting.push(message);
    else next.resolve(message);
  }

  onCancelled(byBroker: boolean): void {
    this.#finish(byBroker ? new ConsumerCancelledError(this.#consumerTag) : null);
  }

  /** What has come and was not taken goes back to its queue. */
  onEnd(error: Error | null): void {
    this.#waiting.length = 0;
    this.#finish(error);
  }

  #finish(error: Error | null): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    const next = this.#next;
    this.#next = null;
    if (error === null) next?.resolve(null);
    else next?.reject(error);
  }

  /** The next message; null: there will be none. Rejects when the broker has ended the consumer or the channel. */
  next(): Promise<Message | null> {
    const message = this.#waiting.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#end !== undefined) return this.#end === null ? Promise.resolve(null) : Promise.reject(this.#end);
    if (this.#next !== null) return Promise.reject(new ChannelClosedError('another loop waits for this message'));
    return new Promise((resolve, reject) => {
      this.#next = { resolve, reject };
    });
  }

  /** Those that came and were not taken. */
  takeAll(): readonly Message[] {
    return this.#waiting.splice(0);
  }
}
