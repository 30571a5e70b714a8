/**
 * A wanted limit as it stands in a table, marked when the figure misses it.
 * @param {number} value
 * @param {'at least' | 'at most'} bound
 * @param {number} limit
 * @returns {string}
 */
export function verdict(value, bound, limit) {
  const met = bound === 'at least' ? value >= limit : value <= limit;
  return `${bound === 'at least' ? '≥' : '≤'} ${limit}${met ? '' : '  MISSED'}`;
}
