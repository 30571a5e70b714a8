/** What exchanges that share messages out hash texts with: FNV-1a over the text's UTF-16 units. */
export function textHash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return state >>> 0;
}
