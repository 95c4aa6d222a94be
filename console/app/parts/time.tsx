import { signal } from '@preact/signals';

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** The distance of a time, for example 2 minutes ago. */
const formatDistance = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
  return relative.format(Math.trunc(seconds / length), unit);
};

/** A time of the API, in the browser's locale and time zone, with its distance from now. */
export const Time = ({ at }: { at: string }) => {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return <>{at}</>;
  return (
    <time dateTime={at} title={at}>
      {absolute.format(time)} <span class="distance">({formatDistance(time - now.value)})</span>
    </time>
  );
};
