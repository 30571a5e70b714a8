/** A handle of a stream that loses answers on purpose: what was asked for is done, and nobody is told so. */
import type { AppendAnswer, LogStream } from '../../../src/cluster/stream/log-stream.js';
import { StreamError } from '../../../src/cluster/stream/stream-error.js';

/** `isLost`: whether the answer to this append is lost, the first being 0. */
export function losesAnswers(stream: LogStream, isLost: (index: number) => boolean): LogStream {
  let appends = 0;
  const append: LogStream['append'] = (octets, expected, answer) => {
    const index = appends++;
    const lost: AppendAnswer = { kind: 'unknown', error: new StreamError('timeout', 'lost on purpose') };
    stream.append(octets, expected, (given) => answer(isLost(index) ? lost : given));
  };
  return new Proxy(stream, {
    get: (target, key) => {
      if (key === 'append') return append;
      const own: unknown = Reflect.get(target, key, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
