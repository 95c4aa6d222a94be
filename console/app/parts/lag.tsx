import type { ConsumerGroup } from '../services/operations.ts';
import { ScrollBox } from './scroll-box.tsx';

const format = (value: number | null | undefined) =>
  value === null || value === undefined ? undefined : value.toLocaleString();

/** A number that may be unknown, which is not 0. */
export const Known = ({ value, unit = '' }: { value: number | null | undefined; unit?: string }) =>
  format(value) === undefined ? <em class="unknown">unknown</em> : `${format(value)}${unit}`;

/** What the consumer group of a view has read, by partition. */
export const PartitionTable = ({ group }: { group: ConsumerGroup }) => (
  <>
    {group.problem && <p class="warning">{group.problem}</p>}
    <ScrollBox label="Partitions">
      <table>
        <caption>
          Group {group.group} on {group.topic}: lag <Known value={group.lag} />
        </caption>
        <thead>
          <tr>
            <th class="number">Partition</th>
            <th class="number">Lag</th>
            <th class="number">Next offset</th>
            <th class="number">End</th>
            <th class="number">Applied up to</th>
          </tr>
        </thead>
        <tbody>
          {group.partitions.map(({ partition, lag, committed, end, applied }) => (
            <tr key={partition}>
              <td class="number">{partition}</td>
              {[lag, committed, end, applied].map((value, n) => (
                <td key={n} class="number">
                  <Known value={value} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
    {group.partitions.length === 0 && <p class="note">The broker names no partitions: their lag is unknown.</p>}
  </>
);
