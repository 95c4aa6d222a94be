import type { CalledService } from '../http/call-service.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { listRunningServices, type RunningService } from './running-services.ts';

/** How a service is named and addressed. */
export type ServiceAddress = {
  /** Its app-id, under which it is recorded. */
  readonly id: string;
  /** Its name in sentences. */
  readonly name: string;
  /** The variable that commands read, for example CRM_URL. */
  readonly urlVariable: string;
  /** The variable with the port on which the service listens. */
  readonly portVariable: string;
  readonly defaultPort: number;
};

type Env = Readonly<Record<string, string | undefined>>;
/** An option of a command, for example --crm, and its value if it is given. */
type UrlOption = { readonly name: string; readonly value: string | undefined };
/** `source` is a sentence that says where the address is from; the remedy contains it. */
export type LocatedService = CalledService & { readonly source: string };
type Found = { readonly url: string; readonly source: string };

/**
 * Finds a service for a command: by the option, else the variable with its URL, else the variable with its port, else the record of
 * the running service in DATA_DIR, else its default port.
 * @returns the service, with a remedy that says where its address is from
 * @throws ConfigError if an address is not a URL, or if several instances are recorded and none has the default address
 */
export const locateService = (service: ServiceAddress, env: Env, option?: UrlOption): LocatedService => {
  const { name, urlVariable } = service;
  const { url, source } = findAddress(service, env, { option });
  const means = option ? `${option.name} URL or ${urlVariable}` : urlVariable;
  const remedy = `start it (npm start), or name another one with ${means}. ${source}`;
  return { name, url, remedy, source };
};

/** As `locateService` finds it, but of several instances it is any, because a page that a browser asks for can choose none. */
export const locateAnyInstance = (service: ServiceAddress, env: Env): string =>
  findAddress(service, env, { isAnyRight: true }).url;

type Choice = { readonly option?: UrlOption | undefined; readonly isAnyRight?: boolean };

const findAddress = (service: ServiceAddress, env: Env, { option, isAnyRight }: Choice): Found => {
  const { name, urlVariable, portVariable, defaultPort } = service;
  if (option?.value !== undefined)
    return { url: readUrl(option.value, option.name, service), source: `This address is from ${option.name}.` };
  const set = env[urlVariable];
  if (set) return { url: readUrl(set, urlVariable, service), source: `This address is from ${urlVariable}.` };
  const dataDir = env.DATA_DIR || '.data';
  const running = listRunningServices(dataDir);
  const own = running.filter((record) => record.service === service.id);
  const port = Number(env[portVariable] || 0);
  // APP_PORT is the port of different services, so the variable may be meant for another one.
  const isOfOther = running.some((record) => record.service !== service.id && portsOf(record).includes(port));
  if (port > 0 && !isOfOther) {
    const url = own.find((record) => portsOf(record).includes(port))?.url ?? `http://localhost:${port}`;
    return { url: readUrl(url, portVariable, service), source: `This address is from ${portVariable}.` };
  }
  const defaultUrl = `http://localhost:${defaultPort}`;
  const chosen = own.find(({ url }) => url === defaultUrl) ?? (own.length === 1 || isAnyRight ? own[0] : undefined);
  if (chosen)
    return { url: chosen.url, source: `This address is recorded in ${dataDir}/running for process ${chosen.pid}.` };
  if (own.length > 0)
    throw new ConfigError(
      `Several instances of the ${name} run: ${own.map(({ url, pid }) => `${url} (process ${pid})`).join(', ')}. Choose one with ${urlVariable}.`,
    );
  return {
    url: defaultUrl,
    source: `This is the default address: ${urlVariable} and ${portVariable} are not set, and no running ${name} is recorded in ${dataDir}/running (DATA_DIR).`,
  };
};

const portsOf = ({ url, deliveryPort }: RunningService): (number | undefined)[] => [
  Number(new URL(url).port),
  deliveryPort,
];

const readUrl = (text: string, from: string, { name, defaultPort }: ServiceAddress): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text.replace(/\/+$/, '');
  throw new ConfigError(
    `${from} ${text || "''"} is not a URL: write the one of the ${name} as http://localhost:${defaultPort}.`,
  );
};
