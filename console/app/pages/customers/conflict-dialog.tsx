import { useState } from 'preact/hooks';
import { Dialog } from '../../parts/dialog.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { Table } from '../../parts/table.tsx';
import type { Customer, Mandate } from '../../services/customers.ts';
import { type Choice, chooseByDefault, compare, type Difference, type Draft, labels, merge } from './merge.ts';

/** Compares the clerk's values with those that another user stored meanwhile. The clerk chooses for each field. */
export const ConflictDialog = ({
  before,
  mine,
  stored,
  onCancel,
  onResolved,
}: {
  before: Customer;
  mine: Draft;
  stored: Customer;
  onCancel: () => void;
  onResolved: (merged: Draft) => void;
}) => {
  const differences = compare(before, mine, stored);
  const [choices, setChoices] = useState(() => chooseByDefault(differences));
  const undecided = differences.filter(({ field }) => !choices[field]);
  const choose = (field: Difference['field'], choice: Choice) =>
    setChoices((chosen) => ({ ...chosen, [field]: choice }));
  return (
    <Dialog title="Somebody else changed this customer" isOpen onClose={onCancel}>
      <p>
        You began with version {before.version}; version {stored.version} is stored now. Choose the value of each field.
      </p>
      {differences.length === 0 ? (
        <p>Your values are stored already.</p>
      ) : (
        <Table caption="Your values and the stored ones" columns={['Field', 'Before', 'Yours', 'Stored']}>
          {differences.map((difference) => (
            <tr key={difference.field}>
              <th scope="row">{labels[difference.field]}</th>
              <td>
                <Value of={difference} side="before" />
              </td>
              {(['mine', 'stored'] as const).map((side) => (
                <td key={side}>
                  <label class="choice">
                    <input
                      type="radio"
                      name={`choice-${difference.field}`}
                      checked={choices[difference.field] === side}
                      aria-label={`${labels[difference.field]}: ${side === 'mine' ? 'yours' : 'stored'}`}
                      onChange={() => choose(difference.field, side)}
                    />
                    <Value of={difference} side={side} />
                  </label>
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
      <p role="status" class="note">
        {undecided.length > 0 && `Still to choose: ${undecided.map(({ field }) => labels[field]).join(', ')}.`}
      </p>
      <div class="actions">
        <button
          type="button"
          disabled={undecided.length > 0}
          onClick={() => onResolved(merge(stored, differences, choices))}
        >
          Save my choice
        </button>
        <button type="button" class="quiet" onClick={onCancel}>
          Continue editing
        </button>
      </div>
    </Dialog>
  );
};

const Value = ({ of, side }: { of: Difference; side: 'before' | Choice }) => {
  const value = of[side];
  if (of.field === 'connectionMandate') return <MandateBadge mandate={value as Mandate} />;
  return value === '' ? <span class="note">none</span> : <span>{value}</span>;
};
