import { type Client, crm, customerView, iotPlatform } from './client.ts';
import { Problem } from './problem.ts';

export type ViewStatus = {
  readonly store: string;
  readonly consumerGroup: string;
  readonly view: { readonly state: string; readonly generation?: { readonly number: number; readonly store?: string } };
  readonly lastEvent?: { readonly time: string };
  /** Absent or null: unknown */
  readonly lag?: number | null;
  readonly freshnessSeconds?: number | null;
};

export type Readiness = { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };

/** The views of all services, in the order in which the pages show them. */
export const views = [
  { service: iotPlatform, view: 'mandates', hasSource: true },
  ...['customers', 'registrations', 'orders', 'greetings'].map((view) => ({
    service: customerView,
    view,
    hasSource: false,
  })),
] as const;
export type View = (typeof views)[number];

/** The state of every view of a service. */
export const readViewStatuses = async (
  service: Client,
  signal: AbortSignal,
): Promise<Readonly<Record<string, ViewStatus>>> =>
  service === iotPlatform
    ? { mandates: (await service.call<ViewStatus>('/status', { signal })).body }
    : (await readInstances(signal)).views;

export type Instances = {
  readonly instances: readonly { readonly instanceId: string; readonly url: string; readonly startedAt: string }[];
  readonly views: Readonly<Record<string, ViewStatus>>;
};
export const readInstances = async (signal: AbortSignal): Promise<Instances> =>
  (await customerView.call<Instances>('/instances', { signal })).body;

export type OutboxStatus = { readonly waiting: number; readonly since: string | null };
export const readOutbox = async (signal: AbortSignal): Promise<OutboxStatus> =>
  (await crm.call<{ outbox: OutboxStatus }>('/status', { signal })).body.outbox;

/** The readiness checks; a service that is not ready answers 503 with them. */
export const readReadiness = async (service: Client, signal: AbortSignal): Promise<Readiness> => {
  try {
    const { body } = await service.call<{ checks: Record<string, string> }>('/readyz', { signal });
    return { isReady: true, checks: body.checks };
  } catch (error) {
    const { checks } = (error instanceof Problem ? error.document : {}) as { checks?: Record<string, string> };
    if (!checks) throw error;
    return { isReady: false, checks };
  }
};
