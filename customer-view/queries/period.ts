import { z } from 'zod';

const expected = 'a date such as 2026-11-01, or a time such as 2026-11-01T09:00:00Z';
const boundary = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], expected)
  .optional()
  .meta({ examples: ['2026-11-01'] });

/** The query parameters of a period. A date means its first moment in UTC. */
export const periodParameters = {
  from: boundary.meta({ description: `The first moment of the period: ${expected}.` }),
  to: boundary.meta({
    description: `The end of the period, which is not part of it: ${expected}.`,
    examples: ['2026-12-01'],
  }),
};

export type Period = { readonly from?: string | undefined; readonly to?: string | undefined };
