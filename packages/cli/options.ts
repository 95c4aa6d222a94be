import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Parses the arguments of a command as `parseArgs` of node:util does.
 * @param command how the user starts it, for example npm run import
 * @throws Error in one sentence that names the argument which the command does not have
 */
export const parseOptions = <T extends ParseArgsConfig>(
  command: string,
  config: T,
): ReturnType<typeof parseArgs<T>> => {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    throw new Error(`${describeProblem(message)}: ${command} -- --help shows what ${command} accepts.`);
  }
};

const patterns: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^Unknown option '([^']*)'/, (name) => `There is no option ${name}`],
  [/^Unexpected argument '(.*?)'\. /s, (argument) => `There is no argument ${argument}`],
  [/^Option '(?:-\w, )?(--?[\w-]+)( <value>)?' argument is ambiguous/, (name) => `${name} needs a value`],
  [/^Option '(?:-\w, )?(--?[\w-]+) <value>' argument missing/, (name) => `${name} needs a value`],
  [/^Option '(?:-\w, )?(--?[\w-]+)' does not take an argument/, (name) => `${name} takes no value`],
];

const describeProblem = (message: string): string => {
  for (const [pattern, describe] of patterns) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return describe(name);
  }
  return message;
};

/** Reads a whole number. @throws Error that names the option and the range */
export const readNumber = (name: string, text: string, min: number, max = Number.MAX_SAFE_INTEGER): number => {
  if (/^[0-9]{1,16}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new Error(`${name} must be a whole number from ${min} to ${max}, not ${text || "''"}.`);
};

/**
 * Chooses some of the known names, in the order of those.
 * @param text names between separators; undefined chooses all
 * @throws Error that lists the known names
 */
export const chooseNames = <Name extends string>(
  option: string,
  text: string | undefined,
  known: readonly Name[],
  separator = ',',
): readonly Name[] => {
  if (text === undefined) return known;
  const chosen = text.split(separator).map((name) => name.trim());
  const unknown = chosen.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined)
    throw new Error(
      `${option} has no ${unknown || "''"}. Choose from: ${known.join(separator === ',' ? ', ' : separator)}.`,
    );
  return known.filter((name) => chosen.includes(name));
};
