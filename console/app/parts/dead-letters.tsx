import { useSignal } from '@preact/signals';
import { type DeadLetter, discardDeadLetters, listDeadLetters, replayDeadLetters } from '../services/operations.ts';
import { askForOperatorToken, operatorToken } from '../services/operator-token.ts';
import type { View } from '../services/status.ts';
import { useLoaded } from '../services/use-loaded.ts';
import { AllDeadLetters } from './all-dead-letters.tsx';
import { ConfirmButton } from './confirm.tsx';
import { ErrorMessage } from './error-message.tsx';
import { ScrollBox } from './scroll-box.tsx';
import { Time } from './time.tsx';

/** The dead letters of a view, or those that concern one document, with what can be done about them. They need the operator token. */
export const DeadLetters = ({ of, documentKey }: { of: View; documentKey?: string }) => {
  if (operatorToken.value === '')
    return (
      <p class="note">
        Dead letters are shown with the operator token.{' '}
        <button type="button" class="quiet" onClick={askForOperatorToken}>
          Enter the operator token
        </button>
      </p>
    );
  return <List of={of} documentKey={documentKey} />;
};

const List = ({ of, documentKey }: { of: View; documentKey: string | undefined }) => {
  const { service, view } = of;
  const done = useSignal('');
  const loaded = useLoaded(`${service.name} ${view} ${operatorToken.value}`, (signal) =>
    listDeadLetters(service, view, signal),
  );
  const items = loaded.value?.items.filter((one) => !documentKey || (one.documentKey ?? one.key) === documentKey);
  const act = async (work: () => Promise<string>) => {
    done.value = await work();
    loaded.reload();
  };
  return (
    <>
      <ErrorMessage error={loaded.error} />
      <p role="status">{done.value}</p>
      {items?.length === 0 && <p class="note">No dead letter: every record could be applied.</p>}
      {!documentKey && loaded.value && loaded.value.total > 0 && (
        <AllDeadLetters of={of} items={loaded.value.items} total={loaded.value.total} act={act} />
      )}
      {items && items.length > 0 && (
        <ScrollBox label="Dead letters">
          <table>
            <caption>
              {items.length} of {loaded.value?.total} dead letters, newest first
            </caption>
            <thead>
              <tr>
                <th>When</th>
                <th>Record</th>
                <th>Concerns</th>
                <th>State</th>
                <th>Reason and contents</th>
                <th>Actions</th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <Row
                  key={one.id}
                  deadLetter={one}
                  onReplay={() =>
                    act(async () => {
                      await replayDeadLetters(service, view, { ids: [one.id] });
                      return `${one.id} was published again.`;
                    })
                  }
                  onDiscard={() =>
                    act(async () => {
                      await discardDeadLetters(service, view, { ids: [one.id] });
                      return `${one.id} was discarded.`;
                    })
                  }
                />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </>
  );
};

const Row = ({
  deadLetter: one,
  onReplay,
  onDiscard,
}: {
  deadLetter: DeadLetter;
  onReplay: () => Promise<void>;
  onDiscard: () => Promise<void>;
}) => (
  <tr>
    <td>
      <Time at={one.time} />
    </td>
    <td>
      {one.topic} {one.partition ?? '?'}/{one.offset ?? '?'}
    </td>
    <td>{one.documentKey ?? one.key ?? <em class="unknown">unknown</em>}</td>
    <td>{one.state}</td>
    <td>
      {one.reason}
      {one.isWithheld ? (
        <p class="note">The contents are not shown, because the topic has personal data.</p>
      ) : (
        <pre>{one.value ?? one.valueBase64 ?? 'no value'}</pre>
      )}
      {one.isShortened && <p class="note">Only the beginning is shown.</p>}
    </td>
    <td>
      <div class="actions">
        <ConfirmButton
          label="Replay"
          question="Replay this dead letter?"
          isDisabled={one.isWithheld}
          onConfirm={onReplay}
        >
          <p>
            The record is published to {one.topic} again, under the same key. If it still cannot be applied, it becomes
            a dead letter again.
          </p>
        </ConfirmButton>
        <ConfirmButton label="Discard" question="Discard this dead letter?" isDangerous onConfirm={onDiscard}>
          <p>
            Document {one.documentKey ?? one.key ?? '(unknown)'} answers again with what the view has of it, without
            this record. This cannot be undone.
          </p>
        </ConfirmButton>
      </div>
    </td>
  </tr>
);
