import { useSignal } from '@preact/signals';

/** Copies a text. It is missing where the browser does not allow it, which is on pages of other hosts without HTTPS. */
export const CopyButton = ({ text, label }: { text: string; label: string }) => {
  const state = useSignal<'Copy' | 'Copied' | 'Refused'>('Copy');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      state.value = 'Copied';
    } catch {
      state.value = 'Refused';
    }
  };
  if (!navigator.clipboard) return null;
  return (
    <button type="button" class="link" aria-label={`${state.value}: ${label}`} onClick={() => void copy()}>
      {state.value}
    </button>
  );
};
