/**
 * A failure of another program, such as an unavailable broker. The message is a complete sentence; the log omits the stack, because our
 * stack explains nothing.
 */
export class ExpectedError extends Error {
  override name = 'ExpectedError';
}
