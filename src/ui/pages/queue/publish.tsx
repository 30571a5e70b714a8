/** Publishes a message to a queue, or to an exchange, to try something. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { AreaField, CheckField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { objectIn } from '../../text/json-object.js';

interface PublishProps {
  readonly vhost: string;
  readonly name: string;
  done(): void;
}

export function Publish({ vhost, name, done }: PublishProps): JSX.Element {
  const [payload, setPayload] = useState('');
  const [isPersistent, setPersistent] = useState(true);
  const [type, setType] = useState('');
  const [headers, setHeaders] = useState('');
  const parsed = objectIn(headers);
  const submit = async (): Promise<void> => {
    if (typeof parsed === 'string') return;
    const properties = {
      delivery_mode: isPersistent ? 2 : 1,
      ...(type === '' ? {} : { content_type: type }),
      ...(Object.keys(parsed).length === 0 ? {} : { headers: parsed }),
    };
    const message = { payload, payload_encoding: 'string', routing_key: name, properties };
    const { routed } = await call<{ readonly routed: boolean }>(
      'POST',
      pathOf('/api/exchanges', vhost, 'amq.default', 'publish'),
      message,
    );
    if (!routed) throw new Error('no queue took the message');
    tell(`the message is in ${name}`);
    done();
  };
  return (
    <Section title={<Term name="message">Publish a message to this queue</Term>}>
      <Form verb="Publish" submit={submit} isWrong={typeof parsed === 'string'}>
        <AreaField label="Body" value={payload} onInput={setPayload} />
        <div class="fields">
          <TextField label="Content type" value={type} onInput={setType} placeholder="application/json" />
          <AreaField
            label="Headers"
            help={'A JSON object, as {"tries": 1}.'}
            rows={2}
            value={headers}
            onInput={setHeaders}
            error={typeof parsed === 'string' ? parsed : undefined}
          />
        </div>
        <CheckField
          label="Persistent: it survives a restart in a durable queue"
          value={isPersistent}
          onChange={setPersistent}
        />
      </Form>
    </Section>
  );
}
