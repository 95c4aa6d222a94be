import type { z } from 'zod';
import type { Routes } from '../http/operation.ts';
import type { Projection } from '../projections/declaration.ts';
import type { Topic } from '../projections/event-bus.ts';
import { createStores, type StoreContext } from '../projections/generations/index.ts';
import { withKeyPrefix } from '../projections/key-prefix.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { Snapshot, Source } from '../projections/rebuild/index.ts';
import type { View } from '../projections/view.ts';
import type { ServiceAddress } from './locate-service.ts';

/** A view of a service: its projection, and what the service and the commands need in addition. */
export type ViewRegistration<Event, Document extends object> = {
  readonly projection: Projection<Event, Document>;
  /** What an operator sees of a document, or of an absent one. A rebuild compares documents by this value. */
  readonly toDisplayValue: (document: Document | undefined) => string;
  /** The name of the key, for example connectionId. */
  readonly keyName: string;
  /** Whether commands work on this view unless --view names another. */
  readonly isDefault?: true;
  /** Prefix of the keys in the store. Default: `name/`. It must differ between the views of a service. */
  readonly keyPrefix?: string;
  readonly routes?: (view: View<Document>) => Routes;
  /** The source of truth: a rebuild can compare the view with it and start from it. */
  readonly source?: ViewSource<Event>;
  readonly explain?: ViewExplanation;
};

export type ViewSource<Event> = {
  /** Its name in sentences, for example "unknown to the CRM". */
  readonly name: string;
  /** Its name in options, for example --from-crm, --without-crm and --crm URL. */
  readonly option: string;
  readonly address: ServiceAddress;
  /** What to do if the source is right and the log is wrong. */
  readonly advice: string;
  /** `addressSource` says where the URL is from; an error that the source does not answer repeats it. */
  open(url: string, addressSource?: string): OpenedSource<Event>;
};

export type OpenedSource<Event> = Source & {
  /** Its data as events, one per key. */
  readonly snapshot: Snapshot<Event>;
  /** @throws RebuildRefused when it cannot be reached */
  check(): Promise<void>;
  /** @returns why a view cannot start from its data, or undefined if it can. @throws RebuildRefused when it cannot be reached */
  findUnfitness(): Promise<string | undefined>;
};

export type ViewExplanation = {
  /** The message for a missing key, with the command line, for example: Which connection? npm run explain -- 7733 (…). */
  readonly question: string;
  readonly key: z.ZodType<string>;
  /** Explains the document of the key. `openLog` opens the log on demand; the caller closes it. */
  explain(
    key: string,
    context: { env: Readonly<Record<string, string | undefined>>; openLog(): Promise<LogReader> },
  ): Promise<Explanation>;
};

type Row = Readonly<Record<string, string | number>>;
type Explanation = {
  readonly events: readonly Row[];
  /** The current value on each side. */
  readonly sides: readonly Row[];
  readonly agree: boolean;
  readonly sentences: readonly string[];
};

/** A registration with its types erased. */
export type RegisteredView = ViewRegistration<unknown, object> & { readonly keyPrefix: string };

/** Completes a registration with the default key prefix, and with the option that selects the view in commands. */
export const registerView = <Event, Document extends object>(
  registration: ViewRegistration<Event, Document>,
): RegisteredView => {
  const { projection, isDefault } = registration;
  const { name } = projection;
  const selected = isDefault ? projection : { ...projection, viewOption: `--view ${name}` };
  return { keyPrefix: `${name}/`, ...registration, projection: selected } as unknown as RegisteredView;
};

/** Prefixes of the engine's own keys, which are next to the keys of a view without a prefix. */
const reservedKeys = /^(g\d|position:|generation:)/;

/** @throws Error if two views share a name, or could share keys in the store */
export const checkViews = (views: readonly RegisteredView[]): void => {
  for (const [i, { projection, keyPrefix }] of views.entries()) {
    if (reservedKeys.test(keyPrefix))
      throw new Error(`The keyPrefix ${JSON.stringify(keyPrefix)} of ${projection.name} is reserved: choose another.`);
    for (const other of views.slice(i + 1)) {
      if (other.projection.name === projection.name)
        throw new Error(`Two views are registered with ${projection.name}.`);
      const [one, two] = [keyPrefix, other.keyPrefix];
      if (one === two || (one !== '' && two !== '' && (one.startsWith(two) || two.startsWith(one))))
        throw new Error(`Two views are registered with keyPrefix ${JSON.stringify(one)} and ${JSON.stringify(two)}.`);
    }
  }
};

/** The topics that the views follow, and those of their dead letters. */
export const topicsOf = (views: readonly RegisteredView[]): readonly Topic[] => {
  const all = views.flatMap(({ projection: { topic, deadLetters } }) => [topic, deadLetters]);
  return [...new Map(all.map((topic) => [topic.name, topic])).values()];
};

/** Opens the part of the service's stores that holds the view. */
export const openViewStores = ({ keyPrefix }: RegisteredView, context: StoreContext): StoreContext => {
  const stores = createStores(context);
  return {
    store: withKeyPrefix(stores(), keyPrefix),
    secondaryStore: (name) => withKeyPrefix(stores(name), keyPrefix),
  };
};
