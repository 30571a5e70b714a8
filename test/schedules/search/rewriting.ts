/**
 * Rewriting the core so that each access to memory is told before it happens (see instrument.ts): a load's address and
 * a store's value pass through a function, in place. The order in which operands come about stays as it was.
 */
import binaryen from 'binaryen';

/** What an access is: two of these in a row of `info`, and the site above. */
export const Kind = { LOAD: 0, STORE: 1, ATOMIC_LOAD: 2, ATOMIC_STORE: 3, ADD: 4, SWAP: 5 } as const;
export const KIND_MASK = 7;
export const SITE_SHIFT = 3;

/** A place in the core that touches memory: its function and a number within it, counted from 1. */
export interface Site {
  readonly name: string;
  readonly kind: number;
}

/** Where the search keeps what is its own: behind the core's memory. */
export interface Layout {
  /** A byte for each line (64 octets): which participant alone has touched it, or SHARED; 0: nobody has. */
  readonly lines: number;
  /** A byte for each page: whether it was written since the last snapshot. */
  readonly dirty: number;
}

const { i32, i64, f32, f64, v128, none } = binaryen;
const VALUE_TYPES = new Map([
  [i32, 'i32'],
  [i64, 'i64'],
  [f32, 'f32'],
  [f64, 'f64'],
  [v128, 'v128'],
]);
const LINE = 64;
const PAGE_SHIFT = 12;
const LINE_SHIFT = 6;

type Setter = (node: number, value: number) => void;
/** What binaryen's typings lack. */
const {
  _BinaryenFunctionAddVar: addVar,
  Load,
  Store,
  AtomicRMW,
  AtomicCmpxchg,
  MemoryCopy,
  MemoryFill,
} = binaryen as unknown as {
  _BinaryenFunctionAddVar(func: number, type: number): number;
  Load: { setPtr: Setter };
  Store: { setPtr: Setter; setValue: Setter };
  AtomicRMW: { setPtr: Setter; setValue: Setter; getBytes(node: number): number };
  AtomicCmpxchg: { setPtr: Setter; setReplacement: Setter; getBytes(node: number): number };
  MemoryCopy: { setDest: Setter; setSource: Setter; setSize: Setter };
  MemoryFill: { setDest: Setter; setValue: Setter; setSize: Setter };
};
/** A node's fields, as far as they are used here. */
type Fields = Record<string, number> & { children?: number[]; operands?: number[] };

/** Fields that hold one expression each. */
const CHILDREN = [
  ...['condition', 'ifTrue', 'ifFalse', 'body', 'value', 'left', 'right', 'delta', 'vec', 'a', 'b', 'c', 'shift'],
  ...['ptr', 'notifyCount', 'expected', 'timeout'],
];

/** Expressions without any. */
const LEAVES = new Set([
  ...[binaryen.NopId, binaryen.UnreachableId, binaryen.ConstId, binaryen.LocalGetId, binaryen.GlobalGetId],
  binaryen.MemorySizeId,
]);

export class Rewriting {
  readonly #sites: Site[] = [];
  #func = 0;
  #name = '';
  #inFunction = 0;

  constructor(
    readonly module: binaryen.Module,
    readonly layout: Layout,
  ) {}

  run(): Site[] {
    const functions: number[] = [];
    for (let i = 0; i < this.module.getNumFunctions(); i++) functions.push(this.module.getFunctionByIndex(i));
    this.#addProbes();
    for (const func of functions) {
      const { name, module, body } = binaryen.getFunctionInfo(func);
      if (module) continue;
      this.#func = func;
      this.#name = name.replace(/^assembly\//, '');
      this.#inFunction = 0;
      this.#walk(body);
    }
    return this.#sites;
  }

  /** The functions by which accesses pass. */
  #addProbes(): void {
    const { module: m, layout } = this;
    const address = binaryen.createType([i32, i32, i32, i32]);
    m.addFunctionImport('schedule.step', 'schedule', 'step', address, none);
    m.addGlobal('schedule.me', i32, true, m.i32.const(0));
    m.addGlobal('schedule.mask', i32, true, m.i32.const(0));
    m.addGlobal('schedule.accesses', i32, true, m.i32.const(0));
    m.addGlobal('schedule.stop', i32, true, m.i32.const(-1));
    const get = (index: number) => m.local.get(index, i32);
    const line = m.i32.load8_u(layout.lines, 1, m.i32.shr_u(get(0), m.i32.const(LINE_SHIFT)));
    const counted = () => m.global.get('schedule.accesses', i32);
    // address, length, info
    m.addFunction(
      'probe',
      binaryen.createType([i32, i32, i32]),
      none,
      [],
      m.block(null, [
        m.global.set('schedule.accesses', m.i32.add(counted(), m.i32.const(1))),
        m.if(
          m.i32.and(get(2), m.i32.const(1 | Kind.ADD)),
          m.i32.store8(layout.dirty, 1, m.i32.shr_u(get(0), m.i32.const(PAGE_SHIFT)), m.i32.const(1)),
        ),
        m.if(
          m.i32.or(
            m.i32.ne(m.i32.and(line, m.global.get('schedule.mask', i32)), m.global.get('schedule.me', i32)),
            m.i32.eq(counted(), m.global.get('schedule.stop', i32)),
          ),
          m.call('schedule.step', [get(0), get(1), get(2), counted()], none),
        ),
      ]),
    );
    // address, length, info: line by line
    m.addFunction(
      'probeRange',
      binaryen.createType([i32, i32, i32]),
      none,
      [i32, i32],
      m.block(null, [
        m.local.set(3, m.i32.add(get(0), get(1))),
        m.loop(
          'lines',
          m.if(
            m.i32.lt_u(get(0), get(3)),
            m.block(null, [
              m.local.set(4, m.i32.and(m.i32.add(get(0), m.i32.const(LINE)), m.i32.const(-LINE))),
              m.if(m.i32.gt_u(get(4), get(3)), m.local.set(4, get(3))),
              m.call('probe', [get(0), m.i32.sub(get(4), get(0)), get(2)], none),
              m.local.set(0, get(4)),
              m.br('lines'),
            ]),
          ),
        ),
      ]),
    );
    // address, offset, length, info: returns the address
    m.addFunction(
      'probeLoad',
      binaryen.createType([i32, i32, i32, i32]),
      i32,
      [],
      m.block(null, [m.call('probe', [m.i32.add(get(0), get(1)), get(2), get(3)], none), get(0)], i32),
    );
    // value, address, length, info: returns the value
    for (const [type, name] of VALUE_TYPES) {
      m.addFunction(
        `probeStore:${name}`,
        binaryen.createType([type, i32, i32, i32]),
        type,
        [],
        m.block(null, [m.call('probe', [get(1), get(2), get(3)], none), m.local.get(0, type)], type),
      );
    }
    // to, from, size, info of the store, info of the load: copies line by line. Returns 0.
    const rest = (line: number) =>
      m.block(null, [
        m.local.set(5, m.i32.sub(m.i32.const(LINE), m.i32.and(get(0), m.i32.const(LINE - 1)))),
        m.if(m.i32.gt_u(get(5), get(2)), m.local.set(5, get(2))),
        line,
        m.local.set(0, m.i32.add(get(0), get(5))),
        m.local.set(2, m.i32.sub(get(2), get(5))),
        m.br('lines'),
      ]);
    const overlaps = m.i32.and(m.i32.lt_u(get(1), get(0)), m.i32.lt_u(get(0), m.i32.add(get(1), get(2))));
    const copyLine = m.block(null, [
      m.call('probeRange', [get(1), get(5), get(4)], none),
      m.call('probe', [get(0), get(5), get(3)], none),
      m.memory.copy(get(0), get(1), get(5)),
      m.local.set(1, m.i32.add(get(1), get(5))),
    ]);
    m.addFunction(
      'probeCopy',
      binaryen.createType([i32, i32, i32, i32, i32]),
      i32,
      [i32],
      m.block(
        null,
        [m.if(overlaps, m.unreachable()), m.loop('lines', m.if(get(2), rest(copyLine))), m.i32.const(0)],
        i32,
      ),
    );
    // to, value, size, info of the store: the same of a fill
    const fillLine = m.block(null, [
      m.call('probe', [get(0), get(5), get(3)], none),
      m.memory.fill(get(0), get(1), get(5)),
    ]);
    m.addFunction(
      'probeFill',
      binaryen.createType([i32, i32, i32, i32]),
      i32,
      [i32, i32],
      m.block(null, [m.loop('lines', m.if(get(2), rest(fillLine))), m.i32.const(0)], i32),
    );
  }

  #info(kind: number): number {
    this.#inFunction += 1;
    this.#sites.push({ name: `${this.#name}#${this.#inFunction}`, kind });
    return this.module.i32.const(((this.#sites.length - 1) << SITE_SHIFT) | kind);
  }

  /** A new local that keeps an address; the expression that sets it and goes on with it. */
  #kept(address: number): { set: number; get: () => number } {
    const { module: m } = this;
    const index = addVar(this.#func, i32);
    return { set: m.local.tee(index, address, i32), get: () => m.local.get(index, i32) };
  }

  #value(value: number, address: number, offset: number, bytes: number, kind: number): number {
    const { module: m } = this;
    const type = binaryen.getExpressionType(value);
    if (type === binaryen.unreachable) return value;
    const at = offset ? m.i32.add(address, m.i32.const(offset)) : address;
    return m.call(`probeStore:${VALUE_TYPES.get(type)}`, [value, at, m.i32.const(bytes), this.#info(kind)], type);
  }

  #walk(node: number): void {
    if (!node || LEAVES.has(binaryen.getExpressionId(node))) return;
    const { module: m } = this;
    const fields = binaryen.getExpressionInfo(node) as unknown as Fields;
    const at = (name: string): number => fields[name] ?? 0;
    switch (fields.id) {
      case binaryen.LoadId: {
        this.#walk(at('ptr'));
        const kind = fields.isAtomic ? Kind.ATOMIC_LOAD : Kind.LOAD;
        const args = [at('ptr'), m.i32.const(at('offset')), m.i32.const(at('bytes')), this.#info(kind)];
        Load.setPtr(node, m.call('probeLoad', args, i32));
        return;
      }
      case binaryen.StoreId: {
        this.#walk(at('ptr'));
        this.#walk(at('value'));
        const address = this.#kept(at('ptr'));
        Store.setPtr(node, address.set);
        const kind = fields.isAtomic ? Kind.ATOMIC_STORE : Kind.STORE;
        Store.setValue(node, this.#value(at('value'), address.get(), at('offset'), at('bytes'), kind));
        return;
      }
      case binaryen.AtomicRMWId: {
        this.#walk(at('ptr'));
        this.#walk(at('value'));
        const address = this.#kept(at('ptr'));
        AtomicRMW.setPtr(node, address.set);
        const value = this.#value(at('value'), address.get(), at('offset'), AtomicRMW.getBytes(node), Kind.ADD);
        AtomicRMW.setValue(node, value);
        return;
      }
      case binaryen.AtomicCmpxchgId: {
        this.#walk(at('ptr'));
        this.#walk(at('expected'));
        this.#walk(at('replacement'));
        const address = this.#kept(at('ptr'));
        AtomicCmpxchg.setPtr(node, address.set);
        const bytes = AtomicCmpxchg.getBytes(node);
        const value = this.#value(at('replacement'), address.get(), at('offset'), bytes, Kind.SWAP);
        AtomicCmpxchg.setReplacement(node, value);
        return;
      }
      case binaryen.MemoryCopyId: {
        for (const name of ['dest', 'source', 'size']) this.#walk(at(name));
        const [to, from] = [this.#kept(at('dest')), this.#kept(at('source'))];
        MemoryCopy.setDest(node, to.set);
        MemoryCopy.setSource(node, from.set);
        const args = [to.get(), from.get(), at('size'), this.#info(Kind.STORE), this.#info(Kind.LOAD)];
        MemoryCopy.setSize(node, m.call('probeCopy', args, i32));
        return;
      }
      case binaryen.MemoryFillId: {
        for (const name of ['dest', 'value', 'size']) this.#walk(at(name));
        const [to, value] = [this.#kept(at('dest')), this.#kept(at('value'))];
        MemoryFill.setDest(node, to.set);
        MemoryFill.setValue(node, value.set);
        MemoryFill.setSize(node, m.call('probeFill', [to.get(), value.get(), at('size'), this.#info(Kind.STORE)], i32));
        return;
      }
      case binaryen.SIMDLoadId:
      case binaryen.SIMDLoadStoreLaneId:
        throw new Error(`${this.#name} has an access that is not told`);
      default:
        this.#children(fields);
    }
  }

  #children(fields: Fields): void {
    const { children, operands } = fields;
    for (const child of [...(children ?? []), ...(operands ?? [])]) this.#walk(child);
    for (const name of CHILDREN) {
      const child = fields[name];
      if (typeof child === 'number') this.#walk(child);
    }
  }
}
