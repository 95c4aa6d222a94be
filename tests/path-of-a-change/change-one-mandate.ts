// Starts the platform in this process, changes one mandate, and prints what is called until the view shows it: the calls of
// the functions in the files that are given, and every file.
import { getJson, postJson } from '../http.ts';
import { corinne } from '../lab-customers.ts';
import { startCallRecorder } from './record-calls.ts';

const record = await startCallRecorder(new URL('../..', import.meta.url));

let printed = '';
const { stdout } = process;
const { write } = stdout;
stdout.write = (text) => {
  printed += text;
  return true;
};
await import('../../scripts/start.ts');
stdout.write = write;
const [, crm, iotPlatform] = /CRM +(\S+)\s+IoT platform +(\S+)/.exec(printed) ?? [];

const changeMandate = async (connectionMandate: string) => {
  const { status } = await postJson(`${crm}/customers/7`, { ...corinne, connectionMandate });
  if (status !== 200) throw new Error(`the change was answered ${status}`);
  const shown = async () => (await getJson(`${iotPlatform}/mandates/7733`)).body.connectionMandate;
  while ((await shown()) !== connectionMandate);
};

// V8 knows a function once the one around it has run.
await changeMandate('2');
const { calls, files } = await record(process.argv.slice(2), () => changeMandate('0'));
const recording = { calls, files: files.filter((file) => !file.startsWith('tests/')) };
stdout.write(`recorded ${JSON.stringify(recording)}\n`, () => process.exit());
