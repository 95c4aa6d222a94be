import { ConfirmButton } from '../../parts/confirm.tsx';
import { crm } from '../../services/client.ts';
import { pathOf } from '../../services/customers.ts';

/** Hands over, deletes and erases what is stored about a person. */
export const PersonalData = ({
  customerId,
  version,
  onChanged,
}: {
  customerId: string;
  /** Of the current record; undefined if there is none. */
  version: number | undefined;
  onChanged: () => void;
}) => {
  const remove = async () => {
    await crm.call(pathOf(customerId), { method: 'DELETE', headers: { 'If-Match': `"${version}"` } });
    onChanged();
  };
  const erase = async () => {
    await crm.call(`${pathOf(customerId)}/erasure`, { method: 'POST', body: { customerId } });
    onChanged();
  };
  return (
    <section class="panel" aria-label="Personal data">
      <h2>Personal data</h2>
      <div class="actions">
        <a class="plain" href={`${pathOf(customerId)}/export`} download={`customer-${customerId}.json`}>
          Download all data about this person
        </a>
        {version !== undefined && (
          <ConfirmButton label="Delete" question={`Delete customer ${customerId}?`} isDangerous onConfirm={remove}>
            <p>
              The record is removed and the mandate of the connection becomes 0, so its smart meter may no longer be
              read. The number is never used again. The evidence of consent and the orders stay; an erasure removes the
              names from them.
            </p>
            <p>It cannot be undone. If the customer changed since this page was loaded, nothing is deleted.</p>
          </ConfirmButton>
        )}
        <ConfirmButton label="Erase" question={`Erase customer ${customerId}?`} isDangerous onConfirm={erase}>
          <p>
            Everything that names the person is erased: the record, places of delivery, rows of import reports, and
            names in the evidence of consent. The mandate becomes 0. Orders and evidence stay under the number{' '}
            {customerId}.
          </p>
          <p>It cannot be undone. Download the data first if the person asked for it.</p>
        </ConfirmButton>
      </div>
    </section>
  );
};
