import { crm, iotPlatform } from '../../services/client.ts';
import { listCustomers, type MandateChange } from '../../services/customers.ts';
import { explainKey } from '../../services/operations.ts';
import { Problem } from '../../services/problem.ts';

/** A mandate as the CRM and the view answer it. */
type MandateRecord = Pick<MandateChange, 'connectionId' | 'connectionMandate' | 'revision' | 'changedAt'>;

/** What one side answers: a mandate, none, or an error. */
export type Side = { readonly mandate?: MandateRecord; readonly error?: Error };

const orError = async (read: () => Promise<Side>, signal: AbortSignal): Promise<Side> => {
  try {
    return await read();
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof Problem && error.status === 404) return {};
    return { error: error as Error };
  }
};

/** What each service answers about the connection; one that fails does not hide the others. */
export const readConnection = async (connectionId: string, signal: AbortSignal) => {
  const id = encodeURIComponent(connectionId);
  const [inCrm, inView, explanation, holder] = await Promise.all([
    orError(async () => {
      const { body } = await crm.call<{ items: MandateRecord[] }>(`/mandates?connectionId=${id}`, { signal });
      return body.items[0] ? { mandate: body.items[0] } : {};
    }, signal),
    orError(
      async () => ({ mandate: (await iotPlatform.call<MandateRecord>(`/mandates/${id}`, { signal })).body }),
      signal,
    ),
    // The page shows as unknown what these two do not answer; the two above say why a service does not.
    explainKey(iotPlatform, connectionId, signal).catch(() => undefined),
    listCustomers({ connectionId }, signal)
      .then(([one]) => one)
      .catch(() => undefined),
  ]);
  return { inCrm, inView, explanation, holder };
};
export type ConnectionState = Awaited<ReturnType<typeof readConnection>>;
