/** How far a work is; `done` and `total` in any one unit. */
export type Progress = {
  readonly done: number;
  readonly total: number;
  readonly rows: number;
  readonly seconds: number;
};

const width = 30;

/** One line: a bar, rows, rows/s and the time that remains at the speed so far. */
export const progressLine = ({ done, total, rows, seconds }: Progress): string => {
  const part = total > 0 ? Math.min(done / total, 1) : 0;
  const filled = Math.round(part * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const speed = seconds > 0 ? Math.round(rows / seconds) : 0;
  const remaining = part > 0 ? duration((seconds * (1 - part)) / part) : '–';
  return `${bar} ${Math.floor(part * 100)} %  ${count(rows)} rows  ${count(speed)} rows/s  ${remaining} left`;
};

export const count = (number: number): string => number.toLocaleString('en');

const duration = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
