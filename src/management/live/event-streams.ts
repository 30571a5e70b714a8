/**
 * Answers that go on: server-sent events, for pages and tools that watch. What must hold: there are so many at most; one
 * whose reader is slow loses events and is told how many, and one that reads nothing is ended; none outlives the broker,
 * or the rights of whoever has asked for it; while there is none, nothing is done.
 */
import type { FastifyReply } from 'fastify';
import { HttpError } from '../http/errors.js';
import type { Json } from '../http/listings.js';

/** For people and tools that watch, who are few. */
const STREAMS_MAX = 100;
/** Between two signs of life (ms): proxies end what is silent for a minute or half of one. */
const BEAT_MS = 15_000;
/** What a reader may have before it (octets): it gets nothing more until it has read on. */
const UNREAD_MAX = 256 * 1024;
/** A reader that takes nothing for so many beats is gone. */
const STALLED_BEATS = 4;

type Raw = FastifyReply['raw'];

export class EventStreams {
  readonly #open = new Set<EventStream>();

  /** `mayGoOn` is asked at each sign of life. Throws the answer where there are too many. */
  open(reply: FastifyReply, mayGoOn: () => boolean): EventStream {
    if (this.#open.size >= STREAMS_MAX) throw new HttpError(503, 'unavailable', `${STREAMS_MAX} watch already`);
    reply.hijack();
    const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    reply.raw.writeHead(200, { ...Object.fromEntries(headers), 'content-type': 'text/event-stream' });
    const stream = new EventStream(reply.raw, mayGoOn);
    this.#open.add(stream);
    stream.closed.then(() => this.#open.delete(stream));
    return stream;
  }

  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

export class EventStream {
  readonly closed: Promise<void>;
  readonly #raw: Raw;
  readonly #mayGoOn: () => boolean;
  #skipped = 0;
  #stalledFor = 0;
  #unread = 0;

  constructor(raw: Raw, mayGoOn: () => boolean) {
    this.#raw = raw;
    this.#mayGoOn = mayGoOn;
    const beats = setInterval(() => this.#beat(), BEAT_MS).unref();
    this.closed = new Promise((resolve) => {
      raw.once('close', () => {
        clearInterval(beats);
        resolve();
      });
      raw.on('error', () => {});
    });
    // Readers see at once that it has begun.
    raw.write(':\n\n');
  }

  /** Tells an event; one that finds the reader too far behind is left out, and counted. */
  send(event: string, data: Json): void {
    if (this.#raw.writableEnded || this.#raw.destroyed) return;
    if (this.#raw.writableLength > UNREAD_MAX) {
      this.#skipped += 1;
      return;
    }
    if (this.#skipped > 0) this.#write('skipped', { events: this.#skipped });
    this.#skipped = 0;
    this.#write(event, data);
  }

  end(): void {
    this.#raw.end();
  }

  #write(event: string, data: Json): void {
    this.#raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #beat(): void {
    if (!this.#mayGoOn()) return this.end();
    const { writableLength: unread } = this.#raw;
    this.#stalledFor = unread > 0 && unread >= this.#unread ? this.#stalledFor + 1 : 0;
    this.#unread = unread;
    if (this.#stalledFor >= STALLED_BEATS) this.#raw.destroy();
    else if (unread < UNREAD_MAX) this.#raw.write(':\n\n');
  }
}
