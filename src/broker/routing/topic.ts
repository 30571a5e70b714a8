/**
 * Topic: a binding's key is a pattern of words between dots; `*` stands for exactly one word, `#` for any number of them.
 *
 * The patterns form a trie. A key is matched word by word against the set of all nodes that its words so far can have
 * led to, each node once, so that no pattern and no key costs more than nodes times words, however many ways there are
 * to match. A `#` node that was reached stays reached: it may swallow every further word.
 */
import type { Bound, Routable, Router } from './router.js';

const ONE_WORD = '*';
const ANY_WORDS = '#';

class TopicNode<B> {
  readonly bindings = new Set<B>();
  readonly words = new Map<string, TopicNode<B>>();
  one: TopicNode<B> | undefined;
  any: TopicNode<B> | undefined;
  /** The step of matching that reached this node last. */
  reached = 0;

  constructor(readonly swallows: boolean) {}

  child(word: string): TopicNode<B> | undefined {
    if (word === ONE_WORD) return this.one;
    if (word === ANY_WORDS) return this.any;
    return this.words.get(word);
  }

  childOrNew(word: string): TopicNode<B> {
    return this.child(word) ?? this.#attach(word, new TopicNode<B>(word === ANY_WORDS));
  }

  drop(word: string): void {
    if (word === ONE_WORD) this.one = undefined;
    else if (word === ANY_WORDS) this.any = undefined;
    else this.words.delete(word);
  }

  isEmpty(): boolean {
    return this.bindings.size === 0 && this.words.size === 0 && this.one === undefined && this.any === undefined;
  }

  #attach(word: string, node: TopicNode<B>): TopicNode<B> {
    if (word === ONE_WORD) this.one = node;
    else if (word === ANY_WORDS) this.any = node;
    else this.words.set(word, node);
    return node;
  }
}

export class TopicRouter<B extends Bound> implements Router<B> {
  readonly #root = new TopicNode<B>(false);
  /** Counts the steps of all matchings, so that marks of earlier ones are void. */
  #step = 0;

  add(binding: B): void {
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) node = node.childOrNew(word);
    node.bindings.add(binding);
  }

  remove(binding: B): void {
    const words = wordsOf(binding.routingKey);
    const path = this.#path(words);
    path.at(-1)?.bindings.delete(binding);
    for (let depth = words.length; depth > 0 && path[depth]?.isEmpty(); depth--) {
      path[depth - 1]?.drop(words[depth - 1] ?? '');
    }
  }

  match({ keys }: Routable, found: (binding: B) => void): void {
    for (const key of keys) this.#matchKey(key, found);
  }

  #matchKey(routingKey: string, found: (binding: B) => void): void {
    let nodes: TopicNode<B>[] = [];
    this.#step++;
    this.#reach(this.#root, nodes);
    for (const word of wordsOf(routingKey)) nodes = this.#follow(nodes, word);
    for (const node of nodes) {
      for (const binding of node.bindings) found(binding);
    }
  }

  /** The nodes from the root along `words`; empty when the pattern is not there. */
  #path(words: readonly string[]): TopicNode<B>[] {
    const path = [this.#root];
    for (const word of words) {
      const next = path.at(-1)?.child(word);
      if (next === undefined) return [];
      path.push(next);
    }
    return path;
  }

  /** Where one more word leads from each of `nodes`. */
  #follow(nodes: readonly TopicNode<B>[], word: string): TopicNode<B>[] {
    const next: TopicNode<B>[] = [];
    this.#step++;
    for (const node of nodes) {
      if (node.swallows) this.#reach(node, next);
      this.#reach(node.words.get(word), next);
      this.#reach(node.one, next);
    }
    return next;
  }

  /** Adds a node once a step, and with it the `#` nodes below, which match no word at all. */
  #reach(start: TopicNode<B> | undefined, reached: TopicNode<B>[]): void {
    for (let node = start; node !== undefined && node.reached !== this.#step; node = node.any) {
      node.reached = this.#step;
      reached.push(node);
    }
  }
}

/** An empty key has no words; otherwise dots separate words, which may be empty. */
function wordsOf(key: string): string[] {
  return key === '' ? [] : key.split('.');
}
