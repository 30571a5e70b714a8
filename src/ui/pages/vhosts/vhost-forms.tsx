/** Forms about vhosts: a new one, and what is said of one that is there. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go, href } from '../../api/route.js';
import { Dialog } from '../../components/forms/dialog.js';
import { CheckField, ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { tell } from '../../components/page/status.js';
import { addVhost, NOTHING_SAID, type Said, saidOf, setVhost, type Vhost } from './vhost-json.js';

export function AddVhost({ onClose }: { onClose(): void }): JSX.Element {
  const [name, setName] = useState('');
  const [said, setSaid] = useState(NOTHING_SAID);
  const submit = async (): Promise<void> => {
    await addVhost(name, said);
    tell(`Vhost ${name} added`);
    // A dialog that is still open would stay above the next page.
    onClose();
    go(href('admin', 'vhosts', name));
  };
  return (
    <Dialog title="Add a vhost" onClose={onClose}>
      <Form verb="Add vhost" submit={submit} onCancel={onClose}>
        <TextField
          label="Name"
          help="As programs give it when they connect. You get all rights in it."
          value={name}
          onInput={setName}
          isRequired
        />
        <SaidFields said={said} onChange={setSaid} />
      </Form>
    </Dialog>
  );
}

interface ChangeProps {
  readonly vhost: Vhost;
  onClose(): void;
  onDone(): void;
}

export function ChangeVhost({ vhost, onClose, onDone }: ChangeProps): JSX.Element {
  const [said, setSaid] = useState(() => saidOf(vhost));
  const submit = async (): Promise<void> => {
    await setVhost(vhost.name, said);
    tell(`Vhost ${vhost.name} changed`);
    onDone();
  };
  return (
    <Dialog title={`Vhost ${vhost.name}`} onClose={onClose}>
      <Form verb="Save" submit={submit} onCancel={onClose}>
        <SaidFields said={said} onChange={setSaid} />
      </Form>
    </Dialog>
  );
}

function SaidFields({ said, onChange }: { readonly said: Said; onChange(said: Said): void }): JSX.Element {
  return (
    <>
      <TextField
        label="Description"
        help="For people: whose it is, and what for."
        value={said.description}
        onInput={(description) => onChange({ ...said, description })}
      />
      <TextField
        label="Tags"
        help="Words of your own, with commas between them. They mean nothing to the broker."
        value={said.tags}
        onInput={(tags) => onChange({ ...said, tags })}
      />
      <ChoiceField
        label="Default queue type"
        help="Of queues that are declared without a type."
        value={said.default_queue_type}
        onChange={(default_queue_type) => onChange({ ...said, default_queue_type })}
        options={[
          ['undefined', 'as the broker has it'],
          ['classic', 'classic'],
          ['quorum', 'quorum'],
        ]}
      />
      <CheckField
        label="Tracing"
        help="Copies of all messages that pass through go to the exchange amq.rabbitmq.trace. It costs speed."
        value={said.tracing}
        onChange={(tracing) => onChange({ ...said, tracing })}
      />
      <CheckField
        label="Protected from deletion"
        help="Nobody can delete it until this is taken back."
        value={said.protected_from_deletion}
        onChange={(isProtected) => onChange({ ...said, protected_from_deletion: isProtected })}
      />
    </>
  );
}
