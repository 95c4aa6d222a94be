import { useState } from 'preact/hooks';

/** Takes a file by drag and drop or by the file chooser of the browser. */
export const FileChooser = ({ file, onChoose }: { file: File | undefined; onChoose: (file: File) => void }) => {
  const [isOver, setIsOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const [first] = files ?? [];
    if (first) onChoose(first);
  };
  return (
    <label
      class={isOver ? 'drop is-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <span>{file ? `${file.name}, ${formatSize(file.size)}` : 'Drop a CSV file here, or choose one'}</span>
      <input
        class="visually-hidden"
        type="file"
        accept=".csv,.txt,.tsv,text/csv,text/plain"
        onChange={(event) => {
          take(event.currentTarget.files);
          // The same file, corrected, can be chosen again.
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
};

const sizeFormat = new Intl.NumberFormat(undefined, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 });
const formatSize = (bytes: number) => sizeFormat.format(bytes / 1_000);
