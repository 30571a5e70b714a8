/** One message, as it is shown wherever messages are. */
import type { ComponentChildren, JSX } from 'preact';

export interface ShownMessage {
  readonly position?: string;
  readonly age?: number;
  readonly payload_bytes: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routing_key: string;
  /** None as an empty list. */
  readonly properties: Readonly<Record<string, unknown>> | readonly never[];
  readonly payload: string;
  readonly payload_encoding: 'string' | 'base64';
}

export function Message({ message, children }: { message: ShownMessage; children?: ComponentChildren }): JSX.Element {
  const { exchange, routing_key: key, properties, payload, payload_encoding: encoding } = message;
  const all = Object.entries(properties);
  return (
    <li class="message">
      <p class="row">
        <strong>{exchange === '' ? '(default exchange)' : exchange}</strong> <code>{key}</code> {children}
      </p>
      {all.length > 0 && (
        <dl class="properties">
          {all.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <pre>{encoding === 'base64' ? `(base64) ${payload}` : readable(payload, properties)}</pre>
    </li>
  );
}

/** JSON is easier to read in lines. */
function readable(payload: string, properties: ShownMessage['properties']): string {
  const { content_type: type } = properties as { readonly content_type?: unknown };
  if (typeof type !== 'string' || !type.includes('json')) return payload;
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
