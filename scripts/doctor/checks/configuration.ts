import { type Finding, ok, problem } from '../finding.ts';
import { createCheck } from '../run-checks.ts';
import { serviceRows } from '../services.ts';

type ConfigurationFacts = {
  /** Per service the message of its configuration error. */
  readonly errors: readonly { readonly service: string; readonly message: string }[];
  readonly invalid: readonly string[];
};

/** A problem that several services report is shown once, with their names. */
export const assessConfiguration = ({ errors, invalid }: ConfigurationFacts): readonly Finding[] => {
  const services = new Map<string, string[]>();
  for (const { service, message } of errors) {
    const [title = '', ...lines] = message.split('\n');
    for (const line of lines.length > 0 ? lines : [title])
      services.set(line.trim(), [...(services.get(line.trim()) ?? []), service]);
  }
  const findings = [
    ...[...services].map(([line, names]) => problem(`${line} (${names.join(', ')})`, remedyFor(line))),
    ...[...new Set(invalid)].map((message) => problem(message, remedyFor(message))),
  ];
  return findings.length > 0 ? findings : [ok('the variables of all services are valid')];
};

const remedyFor = (message: string): string => {
  const variable = /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(message)?.[0];
  // Where several instances run, a variable is missing instead of wrong.
  if (message.startsWith('Several instances')) return `export ${variable}=URL, with one of these`;
  return variable ? `unset ${variable}, or set it as in .env.example` : 'see .env.example';
};

export const configuration = createCheck(
  { name: 'configuration', remedy: 'npm run doctor -- --help' },
  ({ services, env, invalid }) => ({
    invalid,
    errors: serviceRows.flatMap(({ id, address, readConfig }) => {
      try {
        readConfig(services.find((one) => one.id === id)?.env ?? env);
        return [];
      } catch (error) {
        return [{ service: address.name, message: (error as Error).message }];
      }
    }),
  }),
  assessConfiguration,
);
