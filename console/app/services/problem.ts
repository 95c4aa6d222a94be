/** A problem document (RFC 9457) as our services send it. */
type ProblemDocument = {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly remedy?: string;
  /** The stored record, if a change was of another version. */
  readonly current?: unknown;
  readonly errors?: readonly { readonly field: string; readonly expected: string; readonly got?: unknown }[];
};

/** A service refused a request. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly document: ProblemDocument;
  readonly headers: Headers;

  constructor(status: number, document: ProblemDocument, headers: Headers) {
    super(document.detail ?? document.title ?? `The service answered with status ${status}.`);
    this.status = status;
    this.document = document;
    this.headers = headers;
  }

  /** What was expected of a field; undefined if the field is not at fault. */
  expected(field: string): string | undefined {
    return this.document.errors?.find((error) => error.field === field)?.expected;
  }
}

/** A service does not answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(service: string, url: string) {
    super(`The ${service} does not answer at ${url}.`);
  }
}

export const readProblem = async (response: Response): Promise<ProblemDocument> => {
  // A proxy may answer without JSON: then only the status is known.
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? body : {};
};

/** Whether the same request may succeed later: the service does not answer, or cannot answer now. */
export const isTransient = (error: Error): boolean =>
  error instanceof Unreachable || (error instanceof Problem && error.status >= 500);
