import { parseOptions } from '../packages/cli/options.ts';
import { enterProjectFolder } from '../packages/runtime/project-folder.ts';
import { adoptEncodingOfComponents } from './lab/adopt-encoding.ts';
import { LabNotRunning, type LabRequest, requestLab } from './lab/control-socket.ts';
import { readOtherMembers } from './lab/other-members.ts';
import { memberIds, readLabSettings } from './lab/settings.ts';
import { help } from './lab/texts.ts';

/** Reads the request to the running lab from the arguments. @throws Error that says what to type instead */
const readRequest = ([command, member, ...more]: string[]): LabRequest => {
  if (command === 'status' && member === undefined) return { command };
  if (command !== 'start' && command !== 'stop')
    throw new Error(`There is no command ${command}. The commands are start, stop and status (npm run lab -- --help).`);
  if (member === undefined || more.length > 0)
    throw new Error(`Name one member, ${memberIds.join(', ')}: npm run lab -- ${command} iot-platform.`);
  if (command === 'stop') return { command, member };
  const { STATESTORE_NAME, CONSUMER_GROUP } = process.env;
  const overrides = { ...(STATESTORE_NAME && { STATESTORE_NAME }), ...(CONSUMER_GROUP && { CONSUMER_GROUP }) };
  return { command, member, overrides };
};

const main = async () => {
  enterProjectFolder();
  const { values, positionals } = parseOptions('npm run lab', {
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      'all-logs': { type: 'boolean', default: false },
      with: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help) return console.log(help);
  if (positionals.length === 0) {
    adoptEncodingOfComponents(process.env);
    const options = { showsAllLogs: values['all-logs'], others: readOtherMembers(values.with, process.env) };
    return (await import('./lab/run-lab.ts')).runLab(options);
  }
  const { socket, prefix } = readLabSettings(process.env);
  const { text } = await requestLab(socket, readRequest(positionals)).catch((error: unknown) => {
    if (error instanceof LabNotRunning) throw new Error(`${error.message} Start one: ${prefix}npm run lab`);
    throw error;
  });
  console.log(text);
};

await main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
