import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { type ImportOptions, type importedRowSchema, type importSchema, toFileName } from '../../imports/index.ts';

export type Import = z.infer<typeof importSchema>;
export type ImportedRow = z.infer<typeof importedRowSchema>;

/** Uploads the file to a running CRM. @throws Error that says what to do */
export const sendFile = async (crm: string, file: string, options: ImportOptions): Promise<Import> => {
  const { dryRun, onConflict, encoding, columns = [] } = options;
  const query = new URLSearchParams({ dryRun: String(dryRun), onConflict, fileName: toFileName(file) });
  for (const { column, field } of columns) query.append('column', `${column}=${field}`);
  const answer = await request(crm, `/imports?${query}`, {
    method: 'POST',
    headers: { 'Content-Type': encoding ? `text/csv; charset=${encoding}` : 'text/csv' },
    body: createReadStream(file) as unknown as BodyInit,
    duplex: 'half',
  });
  const job = (await answer.json().catch(() => ({}))) as Partial<Import>;
  if (job.importId === undefined) throw new CrmUnreachable(describeOtherServer(crm, answer));
  return job as Import;
};

const pollIntervalMs = 200;
/** Waits this long for a CRM that does not answer, because a restarted CRM resumes the import. */
const crmTimeoutMs = 30_000;

/** Polls the import until it has ended, and calls `show` with each response. @throws Error that says what to do */
export const followImport = async (crm: string, importId: string, show: (job: Import) => void): Promise<Import> => {
  for (let answeredAt = performance.now(); ; await delay(pollIntervalMs)) {
    try {
      const job = (await request(crm, `/imports/${importId}`).then((answer) => answer.json())) as Import;
      answeredAt = performance.now();
      show(job);
      if (job.finishedAt !== null) return job;
    } catch (error) {
      if (error instanceof RefusedByCrm)
        throw new Error(
          `${error.message}\nThe import was deleted, or a CRM in memory was restarted. After a restart, import the file again.`,
        );
      if (performance.now() - answeredAt < crmTimeoutMs) continue;
      throw new Error(
        `${(error as Error).message}\nA restarted CRM resumes the import. To see its progress: curl ${crm}/imports/${importId}`,
      );
    }
  }
};

export const fetchFirstRows = async (crm: string, { rows }: Import, limit: number): Promise<ImportedRow[]> => {
  const answer = await request(crm, `${rows}?limit=${limit}`);
  return ((await answer.json()) as { items: ImportedRow[] }).items;
};

export const fetchRefusedRows = async (
  crm: string,
  { refusedRows: path }: Import,
): Promise<AsyncIterable<Uint8Array>> => (await request(crm, path)).body as unknown as AsyncIterable<Uint8Array>;

/** @throws Error that says what to do */
export const deleteThroughCrm = async (crm: string, importId: string): Promise<void> => {
  await request(crm, `/imports/${encodeURIComponent(importId)}`, { method: 'DELETE' });
};

const describeOtherServer = (crm: string, { url, status }: Response): string =>
  `The server at ${crm} is not a CRM (it answers ${new URL(url).pathname} with ${status})`;

/** Nothing answers at the URL of the CRM, or another server does. */
export class CrmUnreachable extends Error {}

/** The CRM refused a request, so a retry would be refused again. */
class RefusedByCrm extends Error {}

const request = async (crm: string, path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> => {
  const answer = await fetch(`${crm}${path}`, init as RequestInit).catch((error: Error & { cause?: Error }) => {
    throw new CrmUnreachable(`No CRM answers at ${crm} (${error.cause?.message || error.message})`);
  });
  if (answer.ok) return answer;
  const { type, detail, remedy } = (await answer.json().catch(() => ({}))) as Record<string, string>;
  if (answer.status < 500 && (detail === undefined || type === 'urn:problem:unknown-route'))
    throw new CrmUnreachable(describeOtherServer(crm, answer));
  const why = `${detail ?? answer.status}${remedy ? ` Remedy: ${remedy}` : ''}`;
  throw answer.status < 500 ? new RefusedByCrm(why) : new Error(why);
};
