import { type Deployment, isRunning } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

export type StoreFacts = {
  readonly service: string;
  /** Its check of /readyz: database or stateStore. */
  readonly outcome: string | undefined;
  /** What /status says about it. */
  readonly description: string | undefined;
  readonly url: string;
};

/** The database of the CRM and the stores of the views, as the services themselves check them. */
export const assessStores = (stores: readonly StoreFacts[]): readonly Finding[] =>
  stores.length === 0 ? [skipped('no service answers')] : stores.map(assessStore);

const assessStore = ({ service, outcome, description, url }: StoreFacts): Finding => {
  const name = `the store of the ${service}${description ? ` (${description.split(':')[0] === 'in memory' ? 'in memory' : description})` : ''}`;
  if (outcome === undefined) return problem(`${name}: /readyz does not answer`, `curl ${url}/readyz`);
  if (outcome !== 'ok') return problem(`${name} does not answer: ${outcome}`, `curl ${url}/readyz`);
  if (description?.startsWith('in memory'))
    return warning(`${name} loses every change at a stop`, 'export CRM_DATABASE_URL=sqlite:.data/crm.sqlite');
  return ok(`${name} answers`);
};

const readStores = ({ services }: Deployment): readonly StoreFacts[] =>
  services.filter(isRunning).map(({ id, address, readiness, statuses, url }) => {
    const checks = readiness.kind === 'answered' ? (readiness.body.checks as Record<string, string> | undefined) : {};
    const answer = statuses.find((one) => one.answer.kind === 'answered')?.answer;
    const body = answer?.kind === 'answered' ? answer.body : {};
    const description = id === 'crm' ? body.database : body.store;
    return {
      service: address.name,
      url,
      outcome: checks?.[id === 'crm' ? 'database' : 'stateStore'],
      description: description === undefined ? undefined : String(description),
    };
  });

export const stores = createCheck({ name: 'stores', remedy: 'npm run status' }, readStores, assessStores);
