import { askForOperatorToken } from '../services/operator-token.ts';
import { Problem } from '../services/problem.ts';

/** What went wrong, with the fields at fault and what to do next. */
export const ErrorMessage = ({ error }: { error: Error | undefined }) => {
  if (!error) return null;
  const { errors = [], remedy } = error instanceof Problem ? error.document : {};
  return (
    <div class="error" role="alert">
      <p>{error.message}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ field, expected }) => (
            <li key={field}>
              <code>{field}</code>: {expected}
            </li>
          ))}
        </ul>
      )}
      {remedy && <p>What to do: {remedy}</p>}
      {error instanceof Problem && error.status === 401 && (
        <button type="button" class="quiet" onClick={askForOperatorToken}>
          Enter the operator token
        </button>
      )}
    </div>
  );
};
