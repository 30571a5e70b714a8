/** Vhosts, as the API has them. */
import { type ApiError, call, get, pathOf } from '../../api/client.js';

export interface Vhost {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly default_queue_type: string;
  readonly tracing: boolean;
  /** Undefined: it is not. */
  readonly protected_from_deletion?: boolean;
  readonly messages?: number;
}

export const VHOSTS = '/api/vhosts';

/** What is said of one, beside its name. */
export interface Said {
  readonly description: string;
  readonly tags: string;
  readonly default_queue_type: string;
  readonly tracing: boolean;
  readonly protected_from_deletion: boolean;
}

export const NOTHING_SAID: Said = {
  description: '',
  tags: '',
  default_queue_type: 'undefined',
  tracing: false,
  protected_from_deletion: false,
};

export function saidOf(vhost: Vhost): Said {
  const { description, tags, default_queue_type, tracing, protected_from_deletion = false } = vhost;
  return { description, tags: tags.join(', '), default_queue_type, tracing, protected_from_deletion };
}

/** Rejects where there is one of that name: it would be changed. */
export async function addVhost(name: string, said: Said): Promise<void> {
  const there = await get<Vhost>(pathOf(VHOSTS, name)).catch((error: ApiError) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (there !== null) throw new Error(`There is a vhost ${name} already: change it on its own page.`);
  await setVhost(name, said);
}

export function setVhost(name: string, { tags, ...said }: Said): Promise<void> {
  const list = tags.split(',').map((tag) => tag.trim());
  return call('PUT', pathOf(VHOSTS, name), { ...said, tags: list.filter((tag) => tag !== '') });
}

export function deleteVhost(name: string): Promise<void> {
  return call('DELETE', pathOf(VHOSTS, name));
}
