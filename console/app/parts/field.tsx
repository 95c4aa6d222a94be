import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

type Props = {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is expected, if the value is refused. */
  readonly error?: string | undefined;
  readonly hint?: ComponentChildren;
  readonly isDisabled?: boolean;
  readonly isRequired?: boolean;
};

type InputProps = Props & {
  readonly type?: 'text' | 'email' | 'tel' | 'number' | 'date' | 'datetime-local' | 'search';
  readonly inputMode?: 'decimal' | 'numeric';
  /** Values to choose from, as suggestions. */
  readonly suggestions?: readonly string[];
};

/** A labelled input, with its hint and its error. */
export const Field = ({ type = 'text', inputMode, suggestions, ...props }: InputProps) => {
  const id = useId();
  return (
    <Labelled id={id} {...props}>
      <input
        {...attributesOf(id, props)}
        type={type}
        inputMode={inputMode}
        list={suggestions && `${id}-list`}
        autocomplete="off"
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
      {suggestions && (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </Labelled>
  );
};

/** A labelled choice: pairs of value and label. */
export const Select = ({
  options,
  ...props
}: Props & { readonly options: readonly (readonly [value: string, label: string])[] }) => {
  const id = useId();
  return (
    <Labelled id={id} {...props}>
      <select {...attributesOf(id, props)} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Labelled>
  );
};

const Labelled = ({
  id,
  label,
  hint,
  error,
  children,
}: Pick<Props, 'label' | 'hint' | 'error'> & { id: string; children: ComponentChildren }) => (
  <div class="field">
    <label for={id}>{label}</label>
    {children}
    {hint && (
      <p id={`${id}-hint`} class="note">
        {hint}
      </p>
    )}
    {error && (
      <p id={`${id}-error`} class="field-error">
        {error}
      </p>
    )}
  </div>
);

const attributesOf = (id: string, { name, value, error, hint, isDisabled, isRequired }: Omit<Props, 'onChange'>) => ({
  id,
  name,
  value,
  disabled: isDisabled,
  required: isRequired,
  'aria-invalid': error !== undefined,
  'aria-describedby': [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined,
});
