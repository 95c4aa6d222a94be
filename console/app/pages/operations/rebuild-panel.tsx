import { useSignal } from '@preact/signals';
import { ConfirmButton } from '../../parts/confirm.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import {
  abandonRebuild,
  continueRebuild,
  readRebuild,
  retireGenerations,
  startRebuild,
  switchBack,
} from '../../services/operations.ts';
import { operatorToken } from '../../services/operator-token.ts';
import type { View } from '../../services/status.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import { RebuildForm, type RebuildWish } from './rebuild-form.tsx';
import { Ended, Retiring, Running } from './rebuild-progress.tsx';

/** The rebuild of a view: its progress, its result, and what can be done. */
export const RebuildPanel = ({ of: { service, view, hasSource } }: { of: View }) => {
  const wish = useSignal<RebuildWish>({
    from: 'log',
    inPlace: false,
    into: '',
    acceptDifferences: false,
    fullSpeed: false,
    compareWithSource: hasSource,
  });
  const loaded = useLoaded(view, (signal) => readRebuild(service, view, signal), { everyMs: 1_000 });
  const { running, last, switchBackTo, generation, retiring } = loaded.value ?? {};
  const interrupted = running?.continueWith;
  const isReadOnly = operatorToken.value === '' || loaded.error !== undefined;
  const act = async (work: Promise<unknown>) => {
    await work;
    loaded.reload();
  };
  const start = () => {
    const { into, compareWithSource, ...options } = wish.peek();
    return act(
      startRebuild(service, view, { ...options, ...(into && { into }), ...(hasSource && { compareWithSource }) }),
    );
  };
  return (
    <section class="panel" aria-labelledby="rebuild">
      <h2 id="rebuild">Rebuild</h2>
      <ErrorMessage error={loaded.error} />
      <div class="columns">
        <div>
          {running && <Running rebuild={running} />}
          {retiring && <Retiring of={retiring} />}
          {!running && last && <Ended rebuild={last} />}
          {loaded.value && !running && !last && (
            <p class="note">No rebuild runs, and none has ended since the start.</p>
          )}
        </div>
        <RebuildForm wish={wish.value} hasSource={hasSource} onChange={(next) => (wish.value = next)} />
      </div>
      <div class="actions">
        {interrupted && (
          <ConfirmButton
            label="Continue the rebuild"
            question={`Continue the rebuild of ${view}?`}
            isDisabled={isReadOnly}
            onConfirm={() => act(continueRebuild(service, view, interrupted))}
          >
            <p>
              The interrupted rebuild continues from the offsets that it has reached, with the options that it began
              with.
            </p>
          </ConfirmButton>
        )}
        <ConfirmButton
          label="Rebuild"
          question={`Rebuild the view ${view}?`}
          isDangerous={wish.value.inPlace}
          isDisabled={isReadOnly || Boolean(running)}
          onConfirm={start}
        >
          {wish.value.inPlace ? (
            <p>
              The view is emptied and filled again in place. Until it is complete,{' '}
              <strong>it refuses every question</strong>.
            </p>
          ) : (
            <p>
              A new generation is filled from the {wish.value.from === 'crm' ? 'CRM and then the log' : 'log'},
              compared, and then answers instead of generation {generation?.number ?? '(unknown)'}. Meanwhile the view
              answers as before, and no change is lost.
              {wish.value.acceptDifferences && ' It answers also if the comparison finds differences.'}
            </p>
          )}
        </ConfirmButton>
        <ConfirmButton
          label="Switch back"
          question={`Switch back the view ${view}?`}
          isDisabled={isReadOnly || !switchBackTo}
          onConfirm={() => act(switchBack(service, view))}
        >
          <p>
            Generation {switchBackTo?.number} answers again instead of generation {generation?.number ?? '(unknown)'}.
            Both are kept up to date, so no change is lost.
          </p>
        </ConfirmButton>
        <ConfirmButton
          label="Remove earlier generations"
          question={`Remove the earlier generations of ${view}?`}
          isDangerous
          isDisabled={isReadOnly || Boolean(running) || !(retiring ? !retiring.isActive : switchBackTo)}
          onConfirm={() => act(retireGenerations(service, view))}
        >
          <p>
            Only generation {generation?.number ?? '(unknown)'}, which answers, is kept. The view{' '}
            <strong>can no longer switch back</strong>, and each change is written once instead of twice.
          </p>
        </ConfirmButton>
        <ConfirmButton
          label="Abandon the rebuild"
          question={`Abandon the rebuild of ${view}?`}
          isDangerous
          isDisabled={isReadOnly || !running || running.inPlace}
          onConfirm={() => act(abandonRebuild(service, view))}
        >
          <p>
            The rebuild ends, and generation {running?.into?.number ?? '(unknown)'} is removed. The view answers as
            before. A later rebuild begins from the start.
          </p>
        </ConfirmButton>
      </div>
    </section>
  );
};
