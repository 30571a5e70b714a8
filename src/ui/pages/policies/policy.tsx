/** One policy: a new one, or one that is changed; beside it what it meets. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type ApiError, get } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { go } from '../../api/route.js';
import { confirmed } from '../../components/forms/dialog.js';
import { ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Loading, Page, Section, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { MetSection, usePolicyTrial } from './met.js';
import { deletePolicy, type Kind, type Policy, pathOfPolicy, setPolicy } from './policy-json.js';
import { definitionOf, SettingFields, type Values } from './setting-fields.js';
import { settingsFor, TARGETS, type Target } from './settings.js';

const TITLES: Readonly<Record<Kind, string>> = {
  policies: 'policy',
  'operator-policies': 'operator policy',
};

function kindOf(given: string | undefined): Kind {
  return given === 'operator-policies' ? given : 'policies';
}

function listOf(kind: Kind): string {
  return kind === 'policies' ? '#/admin/policies' : '#/admin/policies?kind=operator';
}

export default function PolicyPage({ params, account }: PageProps): JSX.Element {
  const { vhost, name } = params;
  const kind = kindOf(params.kind);
  const [given, setGiven] = useState<Policy | Error | null>(null);
  useEffect(() => {
    if (vhost === undefined || name === undefined) return;
    get<Policy>(pathOfPolicy(kind, vhost, name)).then(setGiven, setGiven);
  }, [kind, vhost, name]);
  const isNew = name === undefined;
  const remove = async (policy: Policy): Promise<void> => {
    const text = <p>What it has set counts no more, at once. Queues and messages stay.</p>;
    const title = `Delete ${TITLES[kind]} ${policy.name}?`;
    if (!(await confirmed({ title, text, verb: 'Delete policy', isDestructive: true }))) return;
    await deletePolicy(kind, policy);
    tell(`${policy.name} deleted`);
    go(listOf(kind));
  };
  return (
    <Page
      title={isNew ? `New ${TITLES[kind]}` : `${kind === 'policies' ? 'Policy' : 'Operator policy'} ${name}`}
      above={<AdminNav account={account} at="/admin/policies" />}
      actions={
        given !== null &&
        !(given instanceof Error) && (
          <Action tone="danger" run={() => remove(given)}>
            Delete policy
          </Action>
        )
      }
    >
      {given instanceof Error && <Trouble error={given} />}
      {!isNew && given === null && <Loading />}
      {isNew && <Editor kind={kind} given={null} />}
      {given !== null && !(given instanceof Error) && <Editor kind={kind} given={given} />}
    </Page>
  );
}

function Editor({ kind, given }: { readonly kind: Kind; readonly given: Policy | null }): JSX.Element {
  const { data: vhosts = [] } = usePolled<readonly { readonly name: string }[]>('/api/vhosts?columns=name');
  const [name, setName] = useState(given?.name ?? '');
  const [chosen, setVhost] = useState(given?.vhost ?? null);
  const vhost = chosen ?? vhosts[0]?.name ?? '/';
  const [pattern, setPattern] = useState(given?.pattern ?? '');
  const [target, setTarget] = useState<Target>(given?.['apply-to'] ?? 'queues');
  const [priority, setPriority] = useState(String(given?.priority ?? 0));
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(Object.entries(given?.definition ?? {}).map(([key, value]) => [key, String(value)])),
  );
  const isPriority = /^-?\d{1,9}$/.test(priority);
  const about = { vhost, name, pattern, 'apply-to': target, priority: isPriority ? Number(priority) : 0 };
  const trial = usePolicyTrial(kind, about);
  const settings = settingsFor(target, kind === 'operator-policies');
  const definition = definitionOf(settings, values);
  const submit = async (): Promise<void> => {
    if (definition === null) return;
    if (given === null) await mustBeNew(kind, vhost, name);
    await setPolicy(kind, { ...about, definition });
    tell(`${name} is in force`);
    go(listOf(kind));
  };
  return (
    <div class="grid">
      <Section title={<Term name={kind === 'policies' ? 'policy' : 'operator policy'}>What it says</Term>}>
        <Form
          verb="Save policy"
          submit={submit}
          onCancel={() => go(listOf(kind))}
          isWrong={definition === null || !isPriority || trial.error !== undefined}
        >
          {given === null && (
            <div class="fields">
              <TextField label="Name" value={name} onInput={setName} isRequired isFirst />
              <ChoiceField
                label="Vhost"
                value={vhost}
                onChange={setVhost}
                options={vhosts.map((one) => [one.name, one.name] as const)}
              />
            </div>
          )}
          <TextField
            label="Pattern"
            help="A regular expression that may match anywhere in a name: ^orders\. is for names that begin with orders."
            value={pattern}
            onInput={setPattern}
            error={trial.error}
          />
          <div class="fields">
            <ChoiceField<Target> label="Applies to" value={target} onChange={setTarget} options={TARGETS} />
            <TextField
              label="Priority"
              help="Of several policies that match, the highest counts, alone."
              value={priority}
              onInput={setPriority}
              error={isPriority ? undefined : 'A whole number.'}
            />
          </div>
          <SettingFields settings={settings} values={values} onChange={setValues} />
          {definition === null && <p class="field-help">Switch on at least one setting, and give it a value.</p>}
        </Form>
      </Section>
      <MetSection trial={trial} vhost={vhost} />
    </div>
  );
}

async function mustBeNew(kind: Kind, vhost: string, name: string): Promise<void> {
  const there = await get<Policy>(pathOfPolicy(kind, vhost, name)).catch((error: ApiError) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (there !== null) throw new Error(`There is a ${TITLES[kind]} ${name} in ${vhost} already: change it on its page.`);
}
