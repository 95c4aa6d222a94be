import type { Migration } from 'kysely';
import { customersConnectionsOutbox } from './migrations/0001-customers-connections-outbox.ts';
import { contactsEvidenceLease } from './migrations/0002-contacts-evidence-lease.ts';
import { answersErasures } from './migrations/0003-answers-erasures.ts';
import { customerLists } from './migrations/0004-customer-lists.ts';
import { imports } from './migrations/0005-imports.ts';
import { importHeartbeat } from './migrations/0006-import-heartbeat.ts';
import { textOfImportedRows } from './migrations/0007-text-of-imported-rows.ts';
import { foregroundImports } from './migrations/0008-foreground-imports.ts';
import { importQuotas } from './migrations/0009-import-quotas.ts';
import { erasureJobs } from './migrations/0010-erasure-jobs.ts';
import { orders } from './migrations/0011-orders.ts';
import { customerRevisions } from './migrations/0012-customer-revisions.ts';
import { importEncodings } from './migrations/0013-import-encodings.ts';
import { importColumns } from './migrations/0014-import-columns.ts';

/**
 * Migrations run in the order of their names. A released migration is never edited; a schema change is a new migration.
 * Each can run more than once: one that was killed half-way, or that another process runs at the same time, must not
 * prevent the next start.
 */
export const migrations: Record<string, Migration> = {
  '0001-customers-connections-outbox': customersConnectionsOutbox,
  '0002-contacts-evidence-lease': contactsEvidenceLease,
  '0003-answers-erasures': answersErasures,
  '0004-customer-lists': customerLists,
  '0005-imports': imports,
  '0006-import-heartbeat': importHeartbeat,
  '0007-text-of-imported-rows': textOfImportedRows,
  '0008-foreground-imports': foregroundImports,
  '0009-import-quotas': importQuotas,
  '0010-erasure-jobs': erasureJobs,
  '0011-orders': orders,
  '0012-customer-revisions': customerRevisions,
  '0013-import-encodings': importEncodings,
  '0014-import-columns': importColumns,
};
