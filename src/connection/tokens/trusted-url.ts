/** URLs that keys of tokens, and tokens themselves, may come from. */

export const TRUSTED_URL = 'a URL with https, or with http on this machine';
const THIS_MACHINE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether nobody on the way can change what comes from there. */
export function isTrustedUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && THIS_MACHINE.test(hostname));
}
