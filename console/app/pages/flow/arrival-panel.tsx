import { Bars } from '../../charts/bars.tsx';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { MandateBadge } from '../../parts/mandate.tsx';
import { ScrollBox } from '../../parts/scroll-box.tsx';
import { Time } from '../../parts/time.tsx';
import { changes } from './change-mandate.ts';

const formatMs = (ms: number) => `${ms.toLocaleString(undefined, { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;

/** Where the last change is, and how long the changes before took. */
export const ArrivalPanel = () => {
  const [last] = changes.value;
  const times = changes.value.flatMap(({ arrivedMs }) => (arrivedMs === undefined ? [] : [arrivedMs])).toReversed();
  const middle = times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)];
  return (
    <section class="panel" aria-labelledby="arrival">
      <h2 id="arrival">2. See it arrive in the IoT platform</h2>
      <div role="status">
        {last ? (
          <>
            <p>
              The CRM has stored <MandateBadge mandate={last.mandate} /> for connection {last.customer.connectionId} in{' '}
              {formatMs(last.storedMs)}, as revision <span class="number">{last.revision}</span>.
            </p>
            <p class="result">
              {last.arrivedMs !== undefined ? (
                <>
                  The IoT platform shows it after <strong>{formatMs(last.arrivedMs)}</strong>.
                </>
              ) : (
                !last.error && 'On its way to the IoT platform…'
              )}
            </p>
          </>
        ) : (
          <p class="note">No change yet. The time from the answer of the CRM until the view shows it appears here.</p>
        )}
      </div>
      <ErrorMessage error={last?.error} />
      {middle !== undefined && (
        <>
          <Bars
            values={times}
            summary={`The last ${times.length}, oldest first; median ${formatMs(middle)}, longest ${formatMs(Math.max(...times))}.`}
          />
          <ScrollBox kind="short" label="Last changes">
            <table>
              <caption>Last changes</caption>
              <thead>
                <tr>
                  <th>Connection</th>
                  <th>Mandate</th>
                  <th class="number">CRM</th>
                  <th class="number">View</th>
                  <th>When</th>
                </tr>
              </thead>
              <tbody>
                {changes.value.map(({ at, customer, mandate, storedMs, arrivedMs, error }) => (
                  <tr key={at}>
                    <td>{customer.connectionId}</td>
                    <td>
                      <MandateBadge mandate={mandate} />
                    </td>
                    <td class="number">{formatMs(storedMs)}</td>
                    <td class="number">{arrivedMs !== undefined ? formatMs(arrivedMs) : error ? 'not yet' : '…'}</td>
                    <td>
                      <Time at={at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollBox>
        </>
      )}
    </section>
  );
};
