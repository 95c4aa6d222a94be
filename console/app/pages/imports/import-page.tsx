import { ImportReport } from './import-report.tsx';

/** The report of one import. */
export const ImportPage = ({ importId }: { importId: string }) => (
  <>
    <h1>Import</h1>
    <p>
      <a href="/console/imports">All imports</a>
    </p>
    <ImportReport importId={importId} />
  </>
);
