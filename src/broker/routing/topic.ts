/**
 * Topic: a binding's key is a pattern of words between dots; `*` stands for exactly one word, `#` for any number of
 * them.
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
  /**
   * Where the words of the key so far can have led to, so many; the other list takes where they lead with one more.
   * Kept, as a flood of keys comes through here.
   */
  #reached: TopicNode<B>[] = [];
  #others: TopicNode<B>[] = [];
  #count = 0;

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
    this.#step++;
    this.#count = 0;
    this.#reach(this.#root);
    for (let at = 0; at < routingKey.length || (at > 0 && at === routingKey.length); ) {
      const dot = routingKey.indexOf('.', at);
      const end = dot === -1 ? routingKey.length : dot;
      this.#follow(routingKey, at, end);
      at = end + 1;
    }
    for (let node = 0; node < this.#count; node++) this.#reached[node]?.bindings.forEach(found);
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

  /** Goes on from all nodes that are reached by the word of the key that stands from `start` to `end`. */
  #follow(key: string, start: number, end: number): void {
    const before = this.#reached;
    const count = this.#count;
    this.#reached = this.#others;
    this.#others = before;
    this.#count = 0;
    this.#step++;
    // Cut out only where a pattern has a word there.
    let word: string | undefined;
    for (let index = 0; index < count; index++) {
      const node = before[index];
      if (node === undefined) continue;
      if (node.swallows) this.#reach(node);
      if (node.words.size > 0) {
        word ??= key.slice(start, end);
        this.#reach(node.words.get(word));
      }
      this.#reach(node.one);
    }
  }

  /** Adds a node once a step, and with it the `#` nodes below, which match no word at all. */
  #reach(start: TopicNode<B> | undefined): void {
    for (let node = start; node !== undefined && node.reached !== this.#step; node = node.any) {
      node.reached = this.#step;
      this.#reached[this.#count++] = node;
    }
  }
}

/** An empty key has no words; otherwise dots separate words, which may be empty. */
function wordsOf(key: string): string[] {
  return key === '' ? [] : key.split('.');
}
