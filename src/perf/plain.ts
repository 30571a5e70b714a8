/** The value that a text on a command line stands for: a whole number, yes or no, or the text. */
export function plainOf(text: string): string | number | boolean {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : text;
}
