import { useRef } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import {
  askForOperatorToken,
  isAskingForToken,
  operatorToken,
  removeOperatorToken,
  setOperatorToken,
} from '../services/operator-token.ts';

/** Takes the operator token, without which the console only reads. It stays in this tab. */
export const OperatorToken = () => {
  const input = useRef<HTMLInputElement>(null);
  const hasToken = operatorToken.value !== '';
  const close = () => {
    isAskingForToken.value = false;
  };
  return (
    <div class="operator">
      <button
        type="button"
        class="quiet"
        onClick={() => {
          if (hasToken) removeOperatorToken();
          else askForOperatorToken();
        }}
      >
        {hasToken ? 'Operator: sign out' : 'Operator token'}
      </button>
      <Dialog title="Operator token" isOpen={isAskingForToken.value} onClose={close}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setOperatorToken(input.current?.value.trim() ?? '');
            close();
          }}
        >
          <p>
            Operations that change something, and dead letters, need the token of OPERATOR_TOKEN, which{' '}
            <code>npm start</code> prints.
          </p>
          <label class="field">
            <span>Token</span>
            <input ref={input} type="password" autocomplete="off" required />
          </label>
          <div class="actions">
            <button type="submit">Use the token</button>
            <button type="button" class="quiet" onClick={close}>
              Cancel
            </button>
          </div>
        </form>
      </Dialog>
    </div>
  );
};
