import { ErrorMessage } from '../../parts/error-message.tsx';
import { ListTable, shownRows } from '../../parts/list.tsx';
import { crm } from '../../services/client.ts';
import { hasEnded, type Import, type ImportedRow, pathOfImport, readImport } from '../../services/imports.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { usePages } from '../../services/use-pages.ts';

const pollMs = 500;

/** The progress of an import and what came of it. */
export const ImportReport = ({ importId }: { importId: string }) => {
  const loaded = useLoaded(importId, (signal) => readImport(importId, signal), { everyMs: pollMs, until: hasEnded });
  const job = loaded.value;
  return (
    <>
      <ErrorMessage error={loaded.error} />
      {!job && !loaded.error && <p class="note">Loading…</p>}
      {job && (
        <>
          <p role="status">{describeState(job)}</p>
          {!hasEnded(job) && (
            <progress aria-label="Progress of the import" max={job.progress.bytes} value={job.progress.bytesDone} />
          )}
          <Counts job={job} />
          <Columns job={job} />
          {job.notes.map((note) => (
            <p key={note} class="note">
              Note: {note}
            </p>
          ))}
          {job.refused > 0 && hasEnded(job) && (
            <p>
              <a href={`${pathOfImport(importId)}/refused.csv`} download={`refused-${importId}.csv`}>
                Download the refused rows
              </a>
              , correct them, and import that file.
            </p>
          )}
          {job.refused + job.skipped > 0 && hasEnded(job) && <Rows importId={importId} />}
        </>
      )}
    </>
  );
};

const describeState = (job: Import): string => {
  const what = job.dryRun ? 'The dry run' : 'The import';
  switch (job.state) {
    case 'waiting':
      return `${what} waits for another import to end.`;
    case 'running':
      return `${what} is running.`;
    case 'failed':
      return `${what} failed: ${job.failure ?? 'the reason is unknown'}`;
    default:
      return job.dryRun ? 'The dry run is finished. Nothing was changed.' : 'The import is finished.';
  }
};

const counts = ['created', 'updated', 'unchanged', 'skipped', 'refused'] as const;

const Counts = ({ job }: { job: Import }) => (
  <dl class="counts">
    {counts.map((name) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{job[name].toLocaleString()}</dd>
      </div>
    ))}
  </dl>
);

const Columns = ({ job }: { job: Import }) => (
  <p>
    {job.columns.length === 0 ? 'No column is read yet.' : 'Columns: '}
    {job.columns.map(({ column, field }) => (column === field ? column : `${column} = ${field}`)).join(', ')}
  </p>
);

const Rows = ({ importId }: { importId: string }) => {
  const list = usePages<ImportedRow>(crm, `${pathOfImport(importId)}/rows`, shownRows('rows'));
  return (
    <ListTable
      list={list}
      parameter="rows"
      caption="Refused and skipped rows"
      columns={['Line #', 'Outcome', 'Column', 'Value', 'Reason']}
      empty={<p>The rows are counted only, and not listed.</p>}
    >
      {(row) =>
        row.problems.map((problem) => (
          <tr key={`${row.line} ${problem.column} ${problem.reason}`}>
            <td class="number">{row.line}</td>
            <td>{row.outcome}</td>
            <td>{problem.column ?? 'the row'}</td>
            <td>
              <code>{problem.value}</code>
            </td>
            <td>{problem.reason}</td>
          </tr>
        ))
      }
    </ListTable>
  );
};
