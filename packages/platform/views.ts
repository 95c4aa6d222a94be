import type { Routes } from '../http/operation.ts';
import type { Projection } from '../projections/declaration.ts';
import { createStores, type StoreContext } from '../projections/generations/index.ts';
import { withKeyPrefix } from '../projections/key-prefix.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { Snapshot, Source } from '../projections/rebuild/index.ts';
import type { View } from '../projections/view.ts';

/** A view of a service: its declaration, and what the service and the commands have to know beside it. */
export type ViewRegistration<Event, Document extends object> = {
  readonly projection: Projection<Event, Document>;
  /** What people see of a document; of none, too. Two documents that show the same are the same to a rebuild. */
  readonly shown: (document: Document | undefined) => string;
  /** What a key is called, as in connectionId. */
  readonly keyName: string;
  /** Keys in the store begin with it: `name/` unless given. Two views of a service must differ in it. */
  readonly keyPrefix?: string;
  readonly routes?: (view: View<Document>) => Routes;
  /** The service that owns the data: a view can be compared with it and begin with it. */
  readonly source?: ViewSource<Event>;
  readonly explain?: ViewExplanation;
};

export type ViewSource<Event> = {
  /** What it is called, as in "unknown to the CRM". */
  readonly name: string;
  /** As in the options --from-crm, --without-crm and --crm URL, and the variable CRM_URL. */
  readonly option: string;
  readonly usualUrl: string;
  /** What to do where it is right and the log is not. */
  readonly advice: string;
  open(url: string): OpenedSource<Event>;
};

export type OpenedSource<Event> = Source & {
  /** Its data as events, each as the last one of its key. */
  readonly snapshot: Snapshot<Event>;
  /** @throws RebuildRefused when it cannot be asked */
  check(): Promise<void>;
  /** Why a view cannot begin with its data, as a sentence; undefined where it can. @throws RebuildRefused as `check` */
  unfitness(): Promise<string | undefined>;
};

export type ViewExplanation = {
  /** What is asked for a key, with the command line, as in: Which connection? npm run explain -- 7733 (…). */
  readonly question: string;
  isKey(text: string): boolean;
  /** Why the document of the key is what it is. `log` is opened when it is asked for, and closed by the caller. */
  explain(key: string, context: { env: NodeJS.ProcessEnv; openLog(): Promise<LogReader> }): Promise<Explanation>;
};

type Row = Readonly<Record<string, string | number>>;
type Explanation = {
  readonly events: readonly Row[];
  /** What each side shows now. */
  readonly sides: readonly Row[];
  readonly agree: boolean;
  readonly sentences: readonly string[];
};

/** A registration of any event and document. */
export type RegisteredView = ViewRegistration<unknown, object> & { readonly keyPrefix: string };

export const registerView = <Event, Document extends object>(
  registration: ViewRegistration<Event, Document>,
): RegisteredView => ({ keyPrefix: `${registration.projection.name}/`, ...registration }) as unknown as RegisteredView;

/** What the engine begins keys of its own with, in the part of the store that a view without a prefix has. */
const engineKeys = /^(g\d|position:|generation:)/;

/** @throws Error where two of them would share a name, or keys in the store */
export const checkViews = (views: readonly RegisteredView[]): void => {
  for (const [i, { projection, keyPrefix }] of views.entries()) {
    if (engineKeys.test(keyPrefix)) throw new Error(`No keyPrefix can be ${JSON.stringify(keyPrefix)}.`);
    for (const other of views.slice(i + 1)) {
      if (other.projection.name === projection.name)
        throw new Error(`Two views are registered with ${projection.name}.`);
      const [one, two] = [keyPrefix, other.keyPrefix];
      if (one === two || (one !== '' && two !== '' && (one.startsWith(two) || two.startsWith(one))))
        throw new Error(`Two views are registered with keyPrefix ${JSON.stringify(one)} and ${JSON.stringify(two)}.`);
    }
  }
};

/** Of the service's stores the part that holds the view. */
export const storesOfView = ({ keyPrefix }: RegisteredView, context: StoreContext): StoreContext => {
  const stores = createStores(context);
  return {
    store: withKeyPrefix(stores(), keyPrefix),
    secondaryStore: (name) => withKeyPrefix(stores(name), keyPrefix),
  };
};
