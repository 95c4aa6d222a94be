/** A change of a mandate that the CRM has answered, with the revision that it answered. */
export type AnsweredChange = { readonly connectionId: string; readonly level: string; readonly revision: number };

export type Customer = {
  readonly customerId: string;
  readonly connectionId: string;
  readonly connectionMandate: string;
};

export type ChangeStream = {
  readonly answered: readonly AnsweredChange[];
  /** Changes that were sent, and have no answer: each is stored or not. */
  readonly unanswered: number;
};

const levels = ['0', '1', '2'];

/**
 * Changes the mandates of all customers again and again, the customers at the same time and the changes of each in order. It ends when
 * the CRM does not answer any more; meanwhile `onAnswer` gets the number of answered changes.
 * @throws Error if the CRM refuses a change
 */
export const streamChanges = async (
  crm: string,
  customers: readonly Customer[],
  onAnswer: (count: number) => void,
): Promise<ChangeStream> => {
  const answered: AnsweredChange[] = [];
  let unanswered = 0;
  const changeUntilKilled = async ({ customerId, connectionId, connectionMandate }: Customer) => {
    for (let n = levels.indexOf(connectionMandate) + 1; ; n++) {
      const level = levels[n % levels.length] as string;
      const revision = await sendChange(crm, customerId, level);
      if (revision === undefined) {
        unanswered += 1;
        return;
      }
      answered.push({ connectionId, level, revision });
      onAnswer(answered.length);
    }
  };
  await Promise.all(customers.map(changeUntilKilled));
  return { answered, unanswered };
};

/** Sends a change, and repeats it while the CRM is busy. @returns the revision; undefined if there is no answer */
const sendChange = async (crm: string, customerId: string, level: string): Promise<number | undefined> => {
  let response = await patchMandate(crm, customerId, level);
  while (response?.status === 503) response = await patchMandate(crm, customerId, level);
  if (!response) return undefined;
  if (!response.ok) throw new Error(`The CRM answers a change with ${response.status}: ${await response.text()}`);
  // The change is stored when the header arrives, even if the process is killed before the end of the body.
  await response.arrayBuffer().catch(() => undefined);
  return Number(response.headers.get('mandate-revision'));
};

const patchMandate = (crm: string, customerId: string, level: string): Promise<Response | undefined> =>
  fetch(`${crm}/customers/${customerId}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ connectionMandate: level }),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
