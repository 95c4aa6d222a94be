import { isIPv4 } from 'node:net';

/** Host and port of a Host header, an origin or a URL; `host` in lower case, IPv6 in brackets, without a trailing dot. */
export type Authority = { readonly host: string; readonly port: number | undefined };

/** What a service accepts in addition to loopback: its own host names, and the foreign origins that may change data. */
export type AccessRules = { readonly hosts: readonly Authority[]; readonly origins: readonly string[] };

const maxLength = 300;
const pattern = /^(?:(\[[0-9a-f:.]+\])|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::([0-9]{1,5}))?$/i;

/** @returns undefined if the text is not exactly a host with an optional port, for example with user info or a path */
export const parseAuthority = (text: string): Authority | undefined => {
  const [, address, name, digits] = (text.length <= maxLength && pattern.exec(text)) || [];
  const host = address ? canonicalAddress(address) : name?.toLowerCase();
  const port = digits === undefined ? undefined : Number(digits);
  return host === undefined || (port ?? 0) > 65_535 ? undefined : { host, port };
};

/** An IPv6 address has many spellings; browsers send the one that the URL standard prescribes. */
const canonicalAddress = (address: string) =>
  URL.canParse(`http://${address}`) ? new URL(`http://${address}`).hostname : undefined;

/**
 * A name that no DNS server can point to another machine. Browsers normalise decimal, octal and shortened addresses to four
 * numbers before they send them, so other forms count as names.
 */
export const isLoopback = ({ host }: Authority): boolean =>
  host === 'localhost' || host === '[::1]' || (host.startsWith('127.') && isIPv4(host));
