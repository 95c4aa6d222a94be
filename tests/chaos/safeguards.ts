import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../platform-process.ts';

type Patch = { file: string; text: string; instead: string };

/** What keeps the view right, and how each is taken out of the source. */
export const safeguards = {
  guard: [
    {
      file: 'packages/dapr/state-store.ts',
      text: 'const answer = await execute(upserts.map((upsert) => withPrecondition(precondition, upsert)));',
      instead: 'const answer = await execute(upserts.map(({ key, value }) => withPrecondition({}, { key, value })));',
    },
  ],
  // Committed first and published afterwards: what was answered is for half a second nowhere but in memory.
  outbox: [
    {
      file: 'crm/outbox/outbox.ts',
      text: "await trx.insertInto('outbox').values(rows).execute();",
      instead: '(globalThis.unpublished ??= []).push(...rows);',
    },
    {
      file: 'crm/customers/change/change-customer.ts',
      text: '  onCommit();\n',
      instead: `  const rows = globalThis.unpublished?.splice(0) ?? [];
  setTimeout(() => rows.length > 0 && db.insertInto('outbox').values(rows).execute().then(onCommit), 500);\n`,
    },
  ],
  position: [
    {
      file: 'packages/projections/checkpoints/checkpoint.ts',
      text: 'missing: gaps.length === 0 ? left : [...left, ...gaps]',
      instead: 'missing: left',
    },
    {
      file: 'packages/projections/checkpoints/checkpoint.ts',
      text: 'missing: [...position.missing, [position.applied + 1, next - 1]]',
      instead: 'missing: position.missing',
    },
  ],
} satisfies Record<string, Patch[]>;

export type Safeguard = keyof typeof safeguards;

/** The environment in which a service runs without the safeguard; it does not start where the source has changed. */
export const without = (safeguard: Safeguard): Record<string, string> => ({
  NODE_OPTIONS: `--import ${pathToFileURL(join(root, 'tests/chaos/patch-sources.mjs'))}`,
  SOURCE_PATCHES: JSON.stringify(safeguards[safeguard]),
});
