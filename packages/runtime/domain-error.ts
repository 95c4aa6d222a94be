/** One thing that is wrong with an input: which field (dots between levels), and what was expected of it. */
export type FieldError = { readonly field: string; readonly expected: string; readonly got?: unknown };

/**
 * A refusal that the caller can act on. `code` is stable and knows nothing of HTTP; `remedy` is a line that mends it.
 */
export class DomainError extends Error {
  readonly code: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly remedy: string | undefined;
  /** What a program needs to act on it, by name. */
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
