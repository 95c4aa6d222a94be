import { ExpectedError } from '../../runtime/expected-error.ts';

export type SidecarResponse = { status: number; body: unknown };

/** The sidecar did not answer, so it is unknown whether it executed the call. */
export class SidecarUnreachable extends ExpectedError {
  override name = 'SidecarUnreachable';
}

/** The sidecar answered with an error. */
export class SidecarError extends ExpectedError {
  override name = 'SidecarRefusal';
  /** The request or the response was larger than the sidecar's max-body-size. It did not execute such a request. */
  readonly isTooLarge: boolean;
  constructor(message: string, { isTooLarge = false } = {}) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}

/** What the error code and message of an HTTP answer say, and the remedy for a refused token. */
export const describeSidecarError = ({ status, body }: SidecarResponse): string => {
  if (status === 401) return tokenRefusal;
  const { errorCode, message } = (body ?? {}) as { errorCode?: string; message?: string };
  return `the sidecar answered ${status}${errorCode ? ` ${errorCode}` : ''}: ${message ?? JSON.stringify(body)}`;
};

export const createSidecarError = (answer: SidecarResponse): SidecarError => {
  const description = describeSidecarError(answer);
  const isTooLarge = answer.status === 413 || description.includes('request body too large');
  return new SidecarError(description, { isTooLarge });
};

export const tokenRefusal = 'the sidecar refuses the API token: set DAPR_API_TOKEN to what it was started with';
