import { useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Select } from '../../parts/field.tsx';
import { Table } from '../../parts/table.tsx';
import type { Import } from '../../services/imports.ts';
import { sendFile } from '../../services/send-file.ts';
import { useAction } from '../../services/use-action.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { fields, headBytes, importPath, readHeader } from './header.ts';

const maxColumns = 100;
const encodings = ['utf-8', 'windows-1250', 'windows-1251', 'windows-1252', 'iso-8859-2', 'macintosh', 'utf-16le'];

/** Shows the columns of a file, lets a clerk choose their fields, and sends the file: for a dry run, or to import it. */
export const UploadForm = ({ file, onStarted }: { file: File; onStarted: (importId: string) => void }) => {
  const [choices, setChoices] = useState<Readonly<Record<string, string>>>({});
  const [onConflict, setOnConflict] = useState('skip');
  const [encoding, setEncoding] = useState('');
  const header = useLoaded(encoding, async () =>
    readHeader(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()), encoding || undefined),
  );
  const sending = useAction();
  const [sentBytes, setSentBytes] = useState(0);
  const send = (isDryRun: boolean) =>
    sending.run(async () => {
      onStarted('');
      const path = importPath({ fileName: file.name, isDryRun, onConflict, choices });
      const type = encoding === '' ? 'text/csv' : `text/csv; charset=${encoding}`;
      setSentBytes(0);
      onStarted((await sendFile<Import>(path, file, type, setSentBytes)).importId);
    });
  return (
    <>
      <ErrorMessage error={header.error} />
      <Table caption="The columns of the file" columns={['Column', 'Field of the customer']}>
        {(header.value ?? []).slice(0, maxColumns).map((column, n) => (
          <tr key={n}>
            <th scope="row">{column === '' ? <span class="note">without a name</span> : column}</th>
            <td>
              <select
                aria-label={`Field of ${column}`}
                value={choices[column] ?? ''}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  setChoices((before) => ({ ...before, [column]: value }));
                }}
              >
                <option value="">by its name, or ignored</option>
                {fields.map((field) => (
                  <option key={field} value={field}>
                    {field}
                  </option>
                ))}
              </select>
            </td>
          </tr>
        ))}
      </Table>
      {(header.value?.length ?? 0) > maxColumns && <p class="note">The first {maxColumns} columns are shown.</p>}
      <p class="note">
        The CRM knows the usual Dutch, German and English names. A dry run shows which columns it reads, and changes
        nothing.
      </p>
      <div class="fields">
        <Select
          label="A customer exists and differs"
          name="onConflict"
          value={onConflict}
          onChange={setOnConflict}
          options={[
            ['skip', 'skip the row'],
            ['update', 'update the customer'],
            ['fail', 'refuse the row'],
          ]}
        />
        <Select
          label="Encoding"
          name="encoding"
          value={encoding}
          onChange={setEncoding}
          options={[['', 'recognise it'], ...encodings.map((name) => [name, name] as const)]}
        />
      </div>
      <div class="actions">
        <button type="button" disabled={sending.isRunning} onClick={() => void send(true)}>
          Dry run
        </button>
        <button type="button" disabled={sending.isRunning} onClick={() => void send(false)}>
          Import
        </button>
      </div>
      <p role="status">{sending.isRunning && 'Sending the file…'}</p>
      {sending.isRunning && <progress aria-label="Sent" max={file.size} value={sentBytes} />}
      <ErrorMessage error={sending.error} />
    </>
  );
};
