/** Definitions into a file. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { respond } from '../../api/client.js';
import { ChoiceField } from '../../components/forms/fields.js';
import { saveFile } from '../../components/forms/save-file.js';
import { Action, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { exportPath } from './preview-json.js';

/** Stands for all vhosts: no vhost is called so. */
const ALL = '\0';

export function Export({ vhosts }: { vhosts: readonly string[] }): JSX.Element {
  const [chosen, setChosen] = useState(ALL);
  const vhost = chosen === ALL ? null : chosen;
  const download = async (): Promise<void> => {
    const answer = await respond('GET', exportPath(vhost));
    const name = `leveret-${vhost === null ? 'all' : vhost.replaceAll(/[^\w.-]/g, '_')}-${today()}.json`;
    saveFile(await answer.blob(), name);
    tell(`${name} is made`);
  };
  return (
    <Section title="Export">
      <div class="form">
        <p>
          A file in the format of RabbitMQ 3.13, which RabbitMQ imports too. It has no messages. It has the hashes of
          passwords: keep it as you keep passwords.
        </p>
        <ChoiceField
          label="What"
          value={chosen}
          onChange={setChosen}
          options={[
            [ALL, 'All: users, vhosts and what is in them'],
            ...vhosts.map((name) => [name, `What is declared in vhost ${name}`] as const),
          ]}
        />
        <div class="row">
          <Action tone="primary" run={download}>
            Download
          </Action>
        </div>
      </div>
    </Section>
  );
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
