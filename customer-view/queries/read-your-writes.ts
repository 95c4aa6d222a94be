import { z } from 'zod';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import { waitForVersion } from '../../packages/platform/wait-for-version.ts';
import type { View } from '../../packages/projections/view.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';

const versionFormat = 'a version, as in the CRM’s answer';
const waitFormat = 'milliseconds to wait, 0 to 30000';

/** The query parameters of a client that must not read an older state than its own change. */
export const readYourWrites = z.strictObject({
  minVersion: wholeNumber(versionFormat, { min: 0, max: Number.MAX_SAFE_INTEGER, defaultValue: 0 }),
  waitMs: wholeNumber(waitFormat, { min: 0, max: 30_000, defaultValue: 0 }),
});

/**
 * Reads a document that has at least `minVersion`; undefined where the view has none and none is required.
 * @throws DomainError version-not-here-yet, and as the view does
 */
export const readAtLeast = async <Document extends object>(
  view: View<Document>,
  key: string,
  { minVersion, waitMs }: z.output<typeof readYourWrites>,
  versionOf: (document: Document) => number,
): Promise<Document | undefined> => {
  if (minVersion > 0)
    return waitForVersion(view, key, {
      read: () => view.get(key),
      wanted: minVersion,
      waitMs,
      versionOf,
      createError: (found) => createNotYetError(key, minVersion, found),
    });
  const document = await view.get(key);
  // A view that lacks events must not report a document as absent.
  if (document === undefined) await view.query(async () => undefined);
  return document;
};

const createNotYetError = (key: string, wanted: number, found: number | undefined) =>
  new DomainError(
    'version-not-here-yet',
    `The view has not reached version ${wanted} of ${key} yet: it has ${found ?? 'none'}.`,
    { remedy: 'repeat the request, or wait longer with waitMs' },
  );
