import { beforeEach, describe, expect, it } from 'vitest';
import { asObject } from '../../../tests/exported.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import {
  type CrmContext,
  createErasures,
  deleteCustomer,
  type Erasures,
  erasePerson,
  exportPerson,
  readMandateHistory,
  registerCustomer,
} from '../../customers/index.ts';
import { createJobForFile } from '../jobs/import-once.ts';
import { runImport } from '../run/run-import.ts';
import { importFileNames } from './file-names.ts';

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
const sources = { importFileNames: importFileNames };

let fixture: Awaited<ReturnType<typeof createImportFixture>>;
let context: CrmContext;
let erasures: Erasures;
let eva: string;
beforeEach(async () => {
  fixture = await createImportFixture();
  context = fixture.context;
  erasures = createErasures({ db: fixture.db, sources });
  const contacts = { email: 'eva@example.org', phone: null };
  const data = { firstName: 'Éva', lastName: 'van der Vos', city: 'Delft', connectionId: '77', ...contacts };
  eva = (await registerCustomer(context, { ...data, connectionMandate: '1' })).customer.customerId;
});

/** Imports customer 900 from a file with this name. */
const importFrom = async (fileName: string) => {
  const file = fixture.writeCsv([header, '900,Jan,Bos,Delft,78,1']);
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'update' });
  await fixture.db.updateTable('importJob').set({ fileName }).where('importId', '=', job.importId).execute();
  return runImport(context, { ...job, fileName }, file);
};
const fileNames = async () =>
  (await fixture.db.selectFrom('importJob').select('fileName').execute()).map(({ fileName }) => fileName);
const references = async () => (await readMandateHistory(fixture.db, 900)).map(({ reference }) => reference);

describe.each([
  'Eva_van_der_Vos.csv',
  'eva.van.der.vos.2026.csv',
  'VAN DER VOS, Éva (2).csv',
  'registrations-vanderVos-eva-van-der-vos.csv',
  'EvaVanDerVos.csv',
  'eva@example.org.csv',
])('a file called %s', (fileName) => {
  it('is in the export of the person', async () => {
    const { importId, digest } = await importFrom(fileName);
    const { importFileNames } = await asObject(await exportPerson(context, sources, eva));
    expect(importFileNames).toEqual([
      { importId, fileName },
      { reference: `${fileName} sha256:${digest.slice(0, 16)}` },
    ]);
  });

  it('is renamed by an erasure, also in the evidence of other customers', async () => {
    const { digest } = await importFrom(fileName);
    await erasePerson(context, erasures, eva);
    expect(await fileNames()).toEqual(['erased']);
    const neutral = `erased sha256:${digest.slice(0, 16)}`;
    expect(await references()).toEqual([neutral]);
    expect(await fixture.db.selectFrom('importReference').selectAll().execute()).toEqual([{ reference: neutral }]);
  });
});

it.each([
  'vos.csv',
  'evalien_van_der_vossen.csv',
  'eva.csv',
  'eva_bos.csv',
])('an erasure keeps the file name %s', async (fileName) => {
  await importFrom(fileName);
  expect(await asObject(await exportPerson(context, sources, eva))).toMatchObject({ importFileNames: [] });
  await erasePerson(context, erasures, eva);
  expect(await fileNames()).toEqual([fileName]);
  expect(await references()).toEqual([expect.stringContaining(`${fileName} sha256:`)]);
});

it('a deletion renames files too, because afterwards no record shows whom they name', async () => {
  await importFrom('Eva van der Vos.csv');
  await deleteCustomer(context, eva, undefined, erasures);
  expect(await fileNames()).toEqual(['erased']);
  expect(await references()).toEqual([expect.stringMatching(/^erased sha256:/)]);
});

it('an import that runs during the erasure restores the name neither in its report nor in evidence', async () => {
  const rows = Array.from({ length: 2_500 }, (_, n) => `${n + 900},Jan,Bos,Delft,${n + 5_000},1`);
  const file = fixture.writeCsv([header, ...rows]);
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'skip' });
  const fileName = 'Eva_van_der_Vos.csv';
  await fixture.db.updateTable('importJob').set({ fileName }).execute();
  const stop = new AbortController();
  const half = await runImport(context, { ...job, fileName }, file, {
    stop: stop.signal,
    onProgress: () => stop.abort(),
  });
  await erasePerson(context, erasures, eva);
  await runImport(context, half, file);
  expect(await fileNames()).toEqual(['erased']);
  const evidence = await fixture.db.selectFrom('mandateChange').select('reference').distinct().execute();
  expect(JSON.stringify(evidence)).not.toContain('Vos');
});
