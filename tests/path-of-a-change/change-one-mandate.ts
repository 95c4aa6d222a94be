// Starts the platform in this process, changes one mandate, and prints what is called until the view shows the change: the
// calls of functions in the files that the arguments name, and every file of which a function is called.
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
// npm start takes no arguments, so the arguments of this script are removed first.
const names = process.argv.splice(2);
await import('../../scripts/start.ts');
stdout.write = write;
const [, crm, iotPlatform] = /CRM +(\S+).*\n +IoT platform +(\S+)/.exec(printed) ?? [];

const changeMandate = async (connectionMandate: string) => {
  const { status } = await postJson(`${crm}/customers/7`, { ...corinne, connectionMandate });
  if (status !== 200) throw new Error(`the change was answered ${status}`);
  const shown = async () => (await getJson(`${iotPlatform}/mandates/7733`)).body.connectionMandate;
  while ((await shown()) !== connectionMandate);
};

// V8 lists a function only after the function around it has run, so the first change is not recorded.
await changeMandate('2');
const { calls, files } = await record(names, () => changeMandate('0'));
const recording = { calls, files: files.filter((file) => !file.startsWith('tests/')) };
stdout.write(`recorded ${JSON.stringify(recording)}\n`, () => process.exit());
