import type { ConnectionState, Side } from './read-connection.ts';

type Answers = Pick<ConnectionState, 'inCrm' | 'inView' | 'explanation'>;
export type Verdict = { readonly kind: 'agree' | 'differ' | 'unknown'; readonly sentences: readonly string[] };

/** Whether log, CRM and view agree, in sentences that also say what to do. */
export const decide = ({ inCrm, inView, explanation }: Answers): Verdict => {
  if (explanation) return { kind: explanation.agree ? 'agree' : 'differ', sentences: explanation.sentences };
  const missing = [...withError('CRM', inCrm), ...withError('IoT platform', inView)];
  if (missing.length > 0) return { kind: 'unknown', sentences: missing };
  const [one, other] = [inCrm.mandate, inView.mandate];
  const isSame = one?.connectionMandate === other?.connectionMandate && one?.revision === other?.revision;
  if (isSame)
    return {
      kind: 'unknown',
      sentences: ['CRM and view agree. The log could not be compared: this page tries again.'],
    };
  return {
    kind: 'differ',
    sentences: [
      'CRM and view differ. If this stays for more than a few seconds, look at Operations: is the view complete, and does its lag shrink?',
    ],
  };
};

const withError = (name: string, { error }: Side): string[] => (error ? [`${name}: ${error.message}`] : []);
