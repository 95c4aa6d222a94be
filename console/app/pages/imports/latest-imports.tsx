import { ConfirmButton } from '../../parts/confirm.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { crm } from '../../services/client.ts';
import { hasEnded, type Import, pathOfImport } from '../../services/imports.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import type { Page } from '../../services/use-pages.ts';

const columns = [
  'File',
  'State',
  'Created #',
  'Updated #',
  'Unchanged #',
  'Skipped #',
  'Refused #',
  'Started',
  'Remove',
];

/** The latest imports, which are followed while the page is open. */
export const LatestImports = ({ started }: { started: string }) => {
  const list = useLoaded(
    `imports ${started}`,
    async (signal) => (await crm.call<Page<Import>>('/imports', { signal })).body.items,
    {
      everyMs: 2_000,
    },
  );
  const remove = async (importId: string) => {
    await crm.call(pathOfImport(importId), { method: 'DELETE' });
    list.reload();
  };
  return (
    <section aria-label="Latest imports">
      <h2>Latest imports</h2>
      <ErrorMessage error={list.error} />
      {list.value?.length === 0 && <p class="panel">Nothing has been imported yet. Choose a file above.</p>}
      {list.value && list.value.length > 0 && (
        <Table caption="Up to a hundred imports, the latest first" columns={columns}>
          {list.value.map((job) => (
            <tr key={job.importId}>
              <td>
                <a href={`/console${pathOfImport(job.importId)}`}>{job.fileName}</a>
                {job.dryRun && <span class="note"> (dry run)</span>}
              </td>
              <td>{describe(job)}</td>
              <td class="number">{job.created.toLocaleString()}</td>
              <td class="number">{job.updated.toLocaleString()}</td>
              <td class="number">{job.unchanged.toLocaleString()}</td>
              <td class="number">{job.skipped.toLocaleString()}</td>
              <td class="number">{job.refused.toLocaleString()}</td>
              <td>
                <Time at={job.createdAt} />
              </td>
              <td>
                <ConfirmButton
                  label="Remove"
                  question={`Remove the import of ${job.fileName}?`}
                  isDangerous
                  onConfirm={() => remove(job.importId)}
                >
                  <p>
                    Its report and its file are removed{hasEnded(job) ? '' : ', and it stops'}. Customers that it
                    imported stay, and so does their evidence of consent. It cannot be undone.
                  </p>
                </ConfirmButton>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
};

const describe = ({ state, progress }: Import) =>
  state === 'running' && progress.bytes > 0
    ? `running, ${Math.floor((100 * progress.bytesDone) / progress.bytes)} %`
    : state;
