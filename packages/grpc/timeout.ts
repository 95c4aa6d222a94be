const millisecondsByUnit: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** The longest delay of a Node timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Reads the header `grpc-timeout`, such as 500m. @returns milliseconds, or undefined without a valid timeout */
export const parseTimeout = (header: string | string[] | undefined): number | undefined => {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  const factor = millisecondsByUnit[unit];
  return factor === undefined ? undefined : Math.min(Number(digits) * factor, maxTimerMs);
};
