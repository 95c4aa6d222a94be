/** An invalid field (levels separated by dots), and what was expected. */
export type FieldError = { readonly field: string; readonly expected: string; readonly got?: unknown };

/**
 * A refusal that the caller can act on. `code` is stable and independent of HTTP; `remedy` says how to correct it.
 */
export class DomainError extends Error {
  readonly code: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly remedy: string | undefined;
  /** Additional fields of the problem details, for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(
    code: string,
    detail: string,
    more: Partial<Pick<DomainError, 'errors' | 'remedy' | 'facts' | 'cause'>> = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = 'DomainError';
    this.code = code;
    this.errors = more.errors;
    this.remedy = more.remedy;
    this.facts = more.facts ?? {};
  }
}

/** Describes a refusal in one line: what is wrong, and how to correct it. */
export const describeRefusal = ({ message, remedy }: DomainError): string =>
  remedy === undefined ? message : `${message} Remedy: ${remedy}`;
