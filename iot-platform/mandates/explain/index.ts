import { connectionIdSchema } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { serviceAddresses } from '../../../contracts/service-addresses.ts';
import { locateService } from '../../../packages/platform/locate-service.ts';
import type { ViewExplanation } from '../../../packages/platform/views.ts';
import { mandates } from '../materialise.ts';
import { compareSides } from './compare-sides.ts';
import { readEventsOfConnection } from './events-of-connection.ts';
import { fetchCrmAnswer, fetchViewAnswer } from './fetch-answers.ts';

/** Explains the mandate of a connection: its events in the log, the CRM, the view, and whether they agree. */
export const explainMandate: ViewExplanation = {
  question: 'Which connection? npm run explain -- 7733 (1 to 64 characters out of 0-9, A-Z and -).',
  key: connectionIdSchema,
  explain: async (connectionId, { env, openLog }) => {
    const view = await fetchViewAnswer(locateService(serviceAddresses.iotPlatform, env), connectionId);
    const events = await readEventsOfConnection(await openLog(), mandates, connectionId);
    // The CRM is read last: otherwise a revision that it issues after the read would look forged.
    const crm = await fetchCrmAnswer(locateService(serviceAddresses.crm, env), connectionId);
    return {
      events: events.map(({ replayOf: _, ...line }) => line),
      sides: [
        { side: 'CRM', level: crm.level ?? 'none', revision: crm.revision ?? '', where: crm.where },
        {
          side: 'view',
          level: view.refusal === undefined ? (view.level ?? 'none') : 'no answer',
          revision: view.revision ?? '',
          where: view.where,
        },
      ],
      ...compareSides(events, crm, view),
    };
  },
};
