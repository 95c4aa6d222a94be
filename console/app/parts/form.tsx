import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ErrorMessage } from './error-message.tsx';

/** A form that the script sends. After a refusal the focus moves to the first field at fault. */
export const Form = ({
  label,
  error,
  onSubmit,
  children,
}: {
  label: string;
  error?: Error | undefined;
  onSubmit: () => void;
  children: ComponentChildren;
}) => {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  return (
    <form
      ref={form}
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <ErrorMessage error={error} />
    </form>
  );
};
