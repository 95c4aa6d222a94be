import { z } from 'zod';
import type { EventBus } from '../../projections/event-bus.ts';
import type { StoreContext } from '../../projections/generations/index.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import type { OperatorLog } from '../../projections/operator-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { RunningView } from '../running-views.ts';

export type OperationsContext = Pick<Runtime, 'log' | 'now' | 'newId'> &
  StoreContext & {
    readonly bus: Pick<EventBus, 'committedOffsets'>;
    readonly topicLog: LogReader;
    readonly operatorLog: OperatorLog;
    readonly views: readonly RunningView[];
    readonly names: { readonly stateStoreName: string; readonly consumerGroup: string };
    /** The variables by which other services are found, as commands read them: DATA_DIR and, for example, CRM_URL. */
    readonly addresses: Readonly<Record<string, string | undefined>>;
    /** How often records are sent to those who follow events, in ms. Default: 250. */
    readonly tailIntervalMs?: number;
    /** How long an explanation may take, in ms. Default: 30 s. */
    readonly explainTimeoutMs?: number;
  };

const nameOf = ({ registered }: RunningView) => registered.projection.name;

/** The query parameter that selects a view; optional where there is only one. */
export const createViewQuerySchema = (views: readonly RunningView[]) => {
  const names = views.map(nameOf);
  const name = z.enum(names, `one of ${names.join(', ')}`).meta({ description: 'The name of the view.' });
  return z.object({ view: views.length === 1 ? name.default(String(names[0])) : name });
};

export const findView = (name: string, views: readonly RunningView[]): RunningView =>
  views.find((one) => nameOf(one) === name) as RunningView;

/** What may be missing to an operation. The message goes to the operator. */
export const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));
