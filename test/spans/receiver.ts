/**
 * A receiver of OTLP/HTTP as a collector is one. What it is sent is read by the types that OpenTelemetry generates from
 * its own schema: what these do not know, or know otherwise, fails the test.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import otlp from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import { expect } from 'vitest';

export interface SpanSeen {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Null: it does not answer. */
type Answer = (request: number) => Reply | null;

const TAKEN: Reply = { status: 200, body: '{}' };

export class Receiver {
  /** Of requests that were taken. */
  readonly spans: SpanSeen[] = [];
  requests = 0;
  answer: Answer = () => TAKEN;
  /** What was wrong with requests. */
  readonly #faults: unknown[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.requests += 1;
        const reply = this.answer(this.requests);
        if (reply === null) return;
        try {
          expect([request.method, request.url, request.headers['content-type']]).toEqual([
            'POST',
            '/v1/traces',
            'application/json',
          ]);
          const spans = read(Buffer.concat(parts).toString());
          if (reply.status === 200) this.spans.push(...spans);
        } catch (error) {
          this.#faults.push(error);
        }
        response.writeHead(reply.status, reply.headers).end(reply.body);
      });
    });
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Throws what was wrong with what it was sent. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#faults.length > 0) throw this.#faults[0];
  }
}

/** Its own types do not say what is in it. */
interface Generated {
  readonly opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } } };
}
interface MessageType {
  fromObject(written: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(octets: Uint8Array): object;
  toObject(message: object, options: object): unknown;
}
const { ExportTraceServiceRequest } = (otlp as unknown as Generated).opentelemetry.proto.collector.trace.v1;

interface Written {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[];
  }[];
}

function read(text: string): SpanSeen[] {
  // OTLP writes these in hexadecimal digits, and JSON of protocol buffers in base 64.
  const ids = new Set(['traceId', 'spanId', 'parentSpanId']);
  const written = JSON.parse(text, (key, value: unknown) =>
    ids.has(key) ? Buffer.from(String(value), 'hex').toString('base64') : value,
  ) as Written;
  const octets = ExportTraceServiceRequest.encode(ExportTraceServiceRequest.fromObject(written)).finish();
  const options = { longs: String, bytes: String, enums: Number };
  const again = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(octets), options);
  expect(again).toEqual(written);
  return written.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(seen)));
}

function seen(span: Record<string, unknown>): SpanSeen {
  const id = (name: string): string => Buffer.from(String(span[name]), 'base64').toString('hex');
  const attributes = span.attributes as readonly { key: string; value: Record<string, unknown> }[];
  return {
    ...(span as Pick<SpanSeen, 'name' | 'kind' | 'traceState'>),
    traceId: id('traceId'),
    spanId: id('spanId'),
    parentSpanId: id('parentSpanId'),
    start: BigInt(String(span.startTimeUnixNano)),
    end: BigInt(String(span.endTimeUnixNano)),
    attributes: Object.fromEntries(
      attributes.map(({ key, value }) => {
        const { stringValue, intValue, boolValue } = value;
        return [key, intValue === undefined ? ((stringValue ?? boolValue) as string | boolean) : Number(intValue)];
      }),
    ),
  };
}
