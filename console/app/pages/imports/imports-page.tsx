import { useState } from 'preact/hooks';
import { FileChooser } from './file-chooser.tsx';
import { ImportReport } from './import-report.tsx';
import { LatestImports } from './latest-imports.tsx';
import { UploadForm } from './upload-form.tsx';
import './imports.css';

/** Imports customers from a CSV file: first a dry run, then the import. */
export const ImportsPage = () => {
  const [file, setFile] = useState<File>();
  const [started, setStarted] = useState('');
  const choose = (next: File) => {
    setFile(next);
    setStarted('');
  };
  return (
    <>
      <h1>Imports</h1>
      <section class="panel" aria-label="Import a file">
        <h2>Import customers from a CSV file</h2>
        <FileChooser file={file} onChoose={choose} />
        {file && (
          <UploadForm key={`${file.name} ${file.size} ${file.lastModified}`} file={file} onStarted={setStarted} />
        )}
      </section>
      {started !== '' && (
        <section class="panel" aria-label="Report">
          <h2>Report</h2>
          <ImportReport key={started} importId={started} />
        </section>
      )}
      <LatestImports started={started} />
    </>
  );
};
