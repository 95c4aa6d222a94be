import { openStores } from '../../packages/platform/open-adapters.ts';
import type { ViewExplanation } from '../../packages/platform/views.ts';
import { findView, views } from '../views.ts';
import type { AnsweredChange } from './change-stream.ts';

type Explanation = Awaited<ReturnType<ViewExplanation['explain']>>;

/** What the log, the CRM and the view have for each connection, as npm run explain reads it. */
export const explainConnections = async (
  connectionIds: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, Explanation>> => {
  const { service, explain } = findView(views, 'mandates');
  const opened = await openStores(env, service, { daprHttpPort: undefined, embedded: true });
  try {
    const explanations = new Map<string, Explanation>();
    for (const id of connectionIds) {
      const explanation = await (explain as ViewExplanation).explain(id, { env, openLog: async () => opened.log });
      explanations.set(id, explanation);
    }
    return explanations;
  } finally {
    await opened.close();
  }
};

/**
 * Compares the answered changes with the log, and the sides with each other.
 * @returns a sentence for each difference
 */
export const findDisagreements = (
  answered: readonly AnsweredChange[],
  explanations: ReadonlyMap<string, Explanation>,
): readonly string[] => [
  ...answered.flatMap(({ connectionId, revision, level }) => {
    const event = explanations.get(connectionId)?.events.find((one) => one.revision === revision);
    const change = `The change of ${connectionId} to ${level}, which the CRM answered with revision ${revision},`;
    if (!event) return [`${change} is not in the log.`];
    return event.level === level ? [] : [`${change} is in the log as ${event.level}.`];
  }),
  ...[...explanations].flatMap(([connectionId, { agree, sentences }]) =>
    agree ? [] : sentences.map((sentence) => `${connectionId}: ${sentence}`),
  ),
  ...findOlderSides(answered, explanations),
];

/** A side may not show an older state than the last answered change. */
const findOlderSides = (
  answered: readonly AnsweredChange[],
  explanations: ReadonlyMap<string, Explanation>,
): readonly string[] =>
  [...explanations].flatMap(([connectionId, { sides }]) => {
    const revisions = answered.filter((change) => change.connectionId === connectionId).map(({ revision }) => revision);
    const last = Math.max(0, ...revisions);
    return sides.flatMap(({ side, revision }) =>
      Number(revision || 0) < last
        ? [`${connectionId}: the ${side} has revision ${revision || 'none'}, which is older than the answered ${last}.`]
        : [],
    );
  });
