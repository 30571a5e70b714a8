/** Hands a file to whoever looks at the page, as a download. */

/** The session's cookie counts for the page's own requests alone: a link to the API would be refused. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
