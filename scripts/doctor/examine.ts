import { styleText } from 'node:util';
import { parseOptions } from '../../packages/cli/options.ts';
import { canary, checks } from './checks.ts';
import { findDeployment } from './deployment.ts';
import { exitCodeOf, type NamedFinding } from './finding.ts';
import { runChecks } from './run-checks.ts';

const names = [...checks, canary].map(({ name }) => name);
const half = Math.ceil(names.length / 2);

const help = `Usage: npm run doctor -- [--json] [--no-canary]
Checks the installation, what runs, and whether an event arrives, and prints a remedy for each problem. The checks are
${names.slice(0, half).join(', ')},
${names.slice(half).join(', ')}.

It finds services, sidecars and broker as the other commands do, and works with npm start, npm run lab, dapr run, or with nothing running.
It changes nothing but the canary: a greeting that it posts to the CRM and waits for in the customer-view. All canaries have one
greetingId, and the view shows only the latest. It ends within about 10 seconds, also where a process does not answer.

Options
  --json           prints the findings as a JSON document
  --no-canary      posts no greeting
  --help           shows this text

Environment (npm run lab, while it runs, supplies what is not set; .env.example lists all variables)
  DATA_DIR         folder in which running services are recorded (default: .data)
  CRM_URL, IOT_PLATFORM_URL, CUSTOMER_VIEW_URL
                   the services (default: those that run on DATA_DIR, else those on the default ports)
  DAPR_API_TOKEN   token of the sidecars that dapr run started
  KAFKA_BROKERS    brokers of Kafka (default: localhost:9092)
  RESOURCES_PATH   folder of the Dapr components (default: dapr-components)
  NO_COLOR         prints without colours

Examples
  npm run doctor
  npm run -s doctor -- --json --no-canary

Exit codes
  0  no problem; there may be warnings
  1  a problem
  2  no problem was found, but a check could not be made, for example because no service runs`;

type Context = {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
  readonly hasColours: boolean;
};

/** npm run doctor. @returns the exit code */
export const examine = async (args: string[], { env, print, hasColours }: Context): Promise<number> => {
  const { values } = parseOptions('npm run doctor', {
    args,
    options: {
      json: { type: 'boolean', default: false },
      'no-canary': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(help);
    return 0;
  }
  const deployment = await findDeployment(env);
  const made = await runChecks(values['no-canary'] ? checks : [...checks, canary], deployment);
  const leftOut: NamedFinding = { check: canary.name, status: 'skipped', message: 'left out by --no-canary' };
  const findings = values['no-canary'] ? [...made, leftOut] : made;
  const exitCode = exitCodeOf(findings);
  if (values.json) print(JSON.stringify({ exitCode, findings }, null, 2));
  else print(formatFindings(findings, hasColours));
  return exitCode;
};

const colours = { ok: 'green', warning: 'yellow', problem: 'red', skipped: 'gray' } as const;

/** One line per finding, and below it the remedy; in the end the counts. */
export const formatFindings = (findings: readonly NamedFinding[], hasColours: boolean): string => {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, status, message, remedy }) => {
    const label = status.padEnd('skipped'.length);
    const coloured = hasColours ? styleText(colours[status], label, { validateStream: false }) : label;
    // A message of another program may have several lines.
    const text = message.replaceAll(/\s*\n\s*/g, ' ');
    const line = `${coloured}  ${check.padEnd(width)}  ${text}`;
    return remedy === undefined ? [line] : [line, `${' '.repeat(label.length + 2 + width + 2)}do: ${remedy}`];
  });
  const counts = Object.keys(colours).flatMap((status) => {
    const count = findings.filter((finding) => finding.status === status).length;
    const isNoun = status === 'warning' || status === 'problem';
    return count > 0 ? [`${count} ${status}${isNoun && count > 1 ? 's' : ''}`] : [];
  });
  return [...lines, '', `${counts.join(', ')}.`].join('\n');
};
