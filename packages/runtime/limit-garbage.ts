import { setFlagsFromString } from 'node:v8';

/**
 * Lets less garbage gather than V8 does by default, which is up to four times as much as is in use: 70 MB more during an import, and
 * no faster. For programs that run for long or handle many records.
 */
export const limitGarbage = (): void => setFlagsFromString('--heap-growing-percent=80');
