import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../platform-process.ts';

type Patch = { file: string; text: string; instead: string };

/** The safeguards that keep a view right, each with the patches that remove it from the source. */
export const safeguards = {
  precondition: [
    {
      file: 'packages/dapr/state-store.ts',
      text: 'const operations = upserts.map((upsert) => withPrecondition(known.precondition, upsert));',
      instead: 'const operations = upserts.map(({ key, value }) => withPrecondition({}, { key, value }));',
    },
  ],
  // Publishes after the commit: for half a second an answered change is in memory only.
  outbox: [
    {
      file: 'crm/outbox/outbox.ts',
      text: "return insertRows(trx, 'outbox', ['topic', 'id', 'eventKey', 'event', 'createdAt'], rows);",
      instead: '(globalThis.unpublished ??= []).push(...rows);\n  return [];',
    },
    {
      file: 'crm/customers/change/change-customer.ts',
      text: '  onCommit();\n',
      instead: `  const rows = globalThis.unpublished?.splice(0) ?? [];
  setTimeout(() => rows.length > 0 && db.insertInto('outbox').values(rows).execute().then(onCommit), 500);\n`,
    },
  ],
  checkpoint: [
    {
      file: 'packages/projections/checkpoints/checkpoint.ts',
      text: 'missing: gaps.length === 0 ? remaining : [...remaining, ...gaps]',
      instead: 'missing: remaining',
    },
    {
      file: 'packages/projections/checkpoints/checkpoint.ts',
      text: 'missing: [...checkpoint.missing, [checkpoint.applied + 1, next - 1]]',
      instead: 'missing: checkpoint.missing',
    },
  ],
} satisfies Record<string, Patch[]>;

export type Safeguard = keyof typeof safeguards;

/** The environment of a service without the safeguard. The service does not start when a patch no longer fits the source. */
export const withoutSafeguard = (safeguard: Safeguard): Record<string, string> => ({
  NODE_OPTIONS: `--import ${pathToFileURL(join(root, 'tests/chaos/patch-sources.mjs'))}`,
  SOURCE_PATCHES: JSON.stringify(safeguards[safeguard]),
});
