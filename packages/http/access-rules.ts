import { z } from 'zod';
import { type AccessRules, parseAuthority } from './server/authority.ts';

export type { AccessRules } from './server/authority.ts';

/** Accepts requests to loopback addresses only, and changes from the service's own pages only. */
export const loopbackOnly: AccessRules = { hosts: [], origins: [] };

const hostFormat = 'a host name or address, with or without a port, as in crm.example.org or crm:3005';
const originFormat = 'an origin: scheme, host and port without a path, as in https://console.example.org';
const wildcardProblem = 'a * would admit any web page, so name each one';

const parseOrigin = (text: string): string | undefined => {
  if (!/^https?:\/\/[^/?#@\s]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const { host, origin } = new URL(text);
  return parseAuthority(host) && origin;
};

/** A schema for a comma-separated list that reports each invalid entry. */
const listOf = <T>(parse: (entry: string) => T | undefined, expected: string) =>
  z.string().transform((text, context): readonly T[] =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean)
      .flatMap((entry) => {
        const parsed = parse(entry);
        if (parsed !== undefined) return [parsed];
        context.addIssue(`${entry}: ${entry.includes('*') ? `${wildcardProblem}: ` : ''}${expected}`);
        return [];
      }),
  );

/** Schema of ALLOWED_HOSTS. */
export const hostList = listOf(parseAuthority, hostFormat);
/** Schema of ALLOWED_ORIGINS. */
export const originList = listOf(parseOrigin, originFormat);
