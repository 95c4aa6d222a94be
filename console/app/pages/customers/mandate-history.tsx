import { ListTable, shownRows } from '../../parts/list.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { Time } from '../../parts/time.tsx';
import { crm } from '../../services/client.ts';
import { type MandateChange, pathOf } from '../../services/customers.ts';
import { usePages } from '../../services/use-pages.ts';

const columns = ['When', 'Connection', 'Mandate', 'Channel', 'Changed by', 'Reference', 'Revision #'];

/** Every change of a mandate, with its evidence of consent. It outlives the customer. */
export const MandateHistory = ({ customerId, version }: { customerId: string; version: number }) => {
  // The version is no parameter of the route: it loads the history again after a change.
  const list = usePages<MandateChange>(crm, `${pathOf(customerId)}/mandate-history`, shownRows('changes'), version);
  return (
    <section class="panel" aria-label="Mandate history">
      <h2>Mandate history</h2>
      <ListTable
        list={list}
        parameter="changes"
        caption="Changes of mandates, the latest first"
        columns={columns}
        empty={<p>No mandate of this customer has changed.</p>}
      >
        {(change) => (
          <tr key={`${change.connectionId} ${change.revision}`}>
            <td>
              <Time at={change.changedAt} />
            </td>
            <td>
              <a href={`/console/connections/${encodeURIComponent(change.connectionId)}`}>{change.connectionId}</a>
            </td>
            <td>
              <MandateBadge mandate={change.connectionMandate} />
            </td>
            <td>{change.channel}</td>
            <td>{change.changedBy ?? <span class="note">not recorded</span>}</td>
            <td>{change.reference ?? <span class="note">none</span>}</td>
            <td class="number">{change.revision}</td>
          </tr>
        )}
      </ListTable>
    </section>
  );
};
