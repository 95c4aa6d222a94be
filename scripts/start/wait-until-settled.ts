import { waitUntil } from '../stack/wait-until.ts';

/** The URLs of the services. */
type PlatformUrls = { readonly crm: string; readonly iotPlatform: string; readonly customerView: string };

/** Waits until the CRM has published all its events and the views have applied them, but for at most `seconds`, or until `stopping`. */
export const waitUntilSettled = async (urls: PlatformUrls, seconds: number, stopping?: AbortSignal): Promise<void> => {
  await waitUntil(seconds, () => stopping?.aborted || isSettled(urls).catch(() => false));
};

const isSettled = async ({ crm, iotPlatform, customerView }: PlatformUrls): Promise<boolean> => {
  const { outbox } = (await readJson(`${crm}/status`)) as { outbox?: { waiting: number } };
  if (outbox?.waiting !== 0) return false;
  const views = await Promise.all([
    readJson(`${iotPlatform}/status`),
    readJson(`${customerView}/status?view=customers`),
  ]);
  return views.every((status) => (status as { lag?: number }).lag === 0);
};

const readJson = async (url: string): Promise<unknown> => (await fetch(url)).json();
