/**
 * A failure of another program, which passes or which a person there mends. Its message is one whole sentence; the log shows that
 * alone, for a stack of ours would explain nothing.
 */
export class ExpectedError extends Error {
  override name = 'ExpectedError';
}
