import type { Transaction } from 'kysely';
import {
  type Customer,
  findKnownCustomerIds,
  type LastRevisions,
  lockCustomers,
  lockLastRevisions,
} from '../../customers/index.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { type ImportRow, isRefused, type RefusedRow } from '../check/check-row.ts';
import type { SeenKeys } from '../check/seen-keys.ts';
import type { Decision, ExistingState } from './decide-row.ts';

/** The existing state for the rows of a chunk: read from the database, then updated by each decision. */
export type ChunkState = {
  /** The last revisions of all connections of the chunk, and of its former customers. */
  readonly last: LastRevisions;
  find(row: ImportRow): ExistingState;
  apply(row: ImportRow, decision: Decision): void;
};

/**
 * Reads the existing state for a chunk of rows with few queries, and locks the customers and connections.
 * @param freedConnections in a dry run, the connections that earlier rows would have freed: it writes nothing, so the
 * database does not know
 */
export const readExistingState = async (
  trx: Transaction<CrmDatabase>,
  chunk: readonly (ImportRow | RefusedRow)[],
  freedConnections: SeenKeys | undefined,
): Promise<ChunkState> => {
  const rows = chunk.filter((row): row is ImportRow => !isRefused(row));
  const ids = rows.flatMap(({ customerId }) => customerId ?? []);
  const connections = rows.map(({ data }) => data.connectionId);
  const byId = indexBy(await lockCustomers(trx, 'customerId', ids), 'customerId');
  const byConnection = indexBy(await lockCustomers(trx, 'connectionId', connections), 'connectionId');
  const missing = ids.filter((id) => !byId.has(id)).map(Number);
  const knownIds = await findKnownCustomerIds(trx, missing);
  const last = await lockLastRevisions(trx, {
    customerIds: missing.filter((id) => !knownIds.has(id)),
    connectionIds: [...new Set([...connections, ...[...byId.values()].map(({ connectionId }) => connectionId)])],
  });
  /** Rows with an id come in the order of their lines. A transaction that runs again has added the lines after this one before. */
  const isFreed = ({ line, customerId, data: { connectionId } }: ImportRow) => {
    const freedOn = freedConnections?.findLine(connectionId);
    return freedOn !== undefined && (customerId === undefined || freedOn < line);
  };

  return {
    last,
    find: (row) => {
      const { customerId, data } = row;
      const { connectionId } = data;
      const holder = isFreed(row) ? undefined : byConnection.get(connectionId);
      return {
        customer: customerId === undefined ? holder : byId.get(customerId),
        holder,
        isConnectionKnown: last.connections.has(connectionId),
        isCustomerIdKnown: customerId !== undefined && knownIds.has(Number(customerId)),
      };
    },
    apply: ({ line }, decision) => {
      if (decision.outcome !== 'updated') return;
      const { before, data } = decision;
      if (before.connectionId === data.connectionId) return;
      byConnection.delete(before.connectionId);
      byConnection.set(data.connectionId, { ...before, ...data });
      freedConnections?.add(before.connectionId, line);
    },
  };
};

const indexBy = (customers: readonly Customer[], key: 'customerId' | 'connectionId') =>
  new Map(customers.map((customer) => [customer[key], customer]));
