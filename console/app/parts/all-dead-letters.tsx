import { type DeadLetter, discardDeadLetters, replayDeadLetters } from '../services/operations.ts';
import type { View } from '../services/status.ts';
import { ConfirmButton } from './confirm.tsx';

/** Replays or discards all dead letters of a view. `act` runs the work, and shows the sentence of its result. */
export const AllDeadLetters = ({
  of: { service, view },
  items,
  total,
  act,
}: {
  of: View;
  /** The newest ones. */
  items: readonly DeadLetter[];
  total: number;
  act: (work: () => Promise<string>) => Promise<void>;
}) => {
  const waiting = items.filter(({ state }) => state !== 'settled' && state !== 'discarded');
  const isWithheld = waiting.some((one) => one.isWithheld);
  const many = `${total > items.length ? 'at least ' : ''}${waiting.length} of ${total}`;
  const isOrAre = waiting.length === 1 ? 'is' : 'are';
  return (
    <div class="actions">
      <ConfirmButton
        label="Replay all"
        question={`Replay all open dead letters of ${view}?`}
        isDisabled={waiting.length === 0 || isWithheld}
        onConfirm={() =>
          act(async () => {
            const { replayed } = await replayDeadLetters(service, view, { all: true });
            return `${replayed} published again.`;
          })
        }
      >
        <p>
          {many} dead letters {isOrAre} neither settled nor discarded. Their records are published again, under the same
          keys. Those that still cannot be applied become dead letters again.
        </p>
      </ConfirmButton>
      <ConfirmButton
        label="Discard all"
        question={`Discard all dead letters of ${view}?`}
        isDangerous
        isDisabled={waiting.length === 0}
        onConfirm={() =>
          act(async () => {
            const { discarded, withoutPlace } = await discardDeadLetters(service, view, { all: true });
            return `All ${discarded} are discarded now.${withoutPlace > 0 ? ` ${withoutPlace} more concern no document.` : ''}`;
          })
        }
      >
        <p>
          {many} dead letters {isOrAre} neither settled nor discarded. Their documents answer again with what the view
          has of them, <strong>without these records</strong>. Dead letters that arrive until you confirm are discarded
          too. This cannot be undone.
        </p>
      </ConfirmButton>
      {isWithheld && (
        <p class="note">
          Not all can be replayed: the topic has personal data, so the records are not kept. Let the CRM publish them
          again.
        </p>
      )}
    </div>
  );
};
