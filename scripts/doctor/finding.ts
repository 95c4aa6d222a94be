/**
 * What a check has found. A warning or problem has a remedy, which can be typed. A skipped check says why; it has a remedy where it
 * should have been made, and none where it does not apply.
 */
export type Finding = {
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  readonly remedy?: string;
};

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const warning = (message: string, remedy: string): Finding => ({ status: 'warning', message, remedy });
export const problem = (message: string, remedy: string): Finding => ({ status: 'problem', message, remedy });
export const skipped = (message: string, remedy?: string): Finding => ({
  status: 'skipped',
  message,
  ...(remedy !== undefined && { remedy }),
});

/** A finding with the name of its check. */
export type NamedFinding = Finding & { readonly check: string };

/** 0: no problem; 1: a problem; 2: no problem was found, but a check that applies could not be made. */
export const exitCodeOf = (findings: readonly Finding[]): 0 | 1 | 2 => {
  if (findings.some(({ status }) => status === 'problem')) return 1;
  return findings.some(({ status, remedy }) => status === 'skipped' && remedy !== undefined) ? 2 : 0;
};
