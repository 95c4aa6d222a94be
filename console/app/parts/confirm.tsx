import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.tsx';
import { ErrorMessage } from './error-message.tsx';

/** A button that says what it will do, and does it after a confirmation. An error stays in the dialog. */
export const ConfirmButton = ({
  label,
  question,
  children,
  isDangerous = false,
  isDisabled = false,
  onConfirm,
}: {
  label: string;
  /** The title of the dialog, for example Delete customer 7? */
  question: string;
  /** What will happen. */
  children: ComponentChildren;
  isDangerous?: boolean;
  isDisabled?: boolean;
  onConfirm: () => Promise<unknown>;
}) => {
  const isOpen = useSignal(false);
  const isRunning = useSignal(false);
  const error = useSignal<Error | undefined>(undefined);
  const close = () => {
    isOpen.value = false;
    error.value = undefined;
  };
  const confirm = async () => {
    isRunning.value = true;
    error.value = undefined;
    try {
      await onConfirm();
      close();
    } catch (reason) {
      error.value = reason as Error;
    }
    isRunning.value = false;
  };
  return (
    <>
      <button
        type="button"
        class={isDangerous ? 'danger' : undefined}
        disabled={isDisabled}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {label}
      </button>
      <Dialog title={question} isOpen={isOpen.value} onClose={close}>
        {children}
        <ErrorMessage error={error.value} />
        <div class="actions">
          <button
            type="button"
            class={isDangerous ? 'danger' : undefined}
            disabled={isRunning.value}
            onClick={() => void confirm()}
          >
            {label}
          </button>
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
        </div>
      </Dialog>
    </>
  );
};
