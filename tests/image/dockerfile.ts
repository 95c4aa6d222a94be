export type Instruction =
  | { readonly name: 'FROM' | 'WORKDIR' | 'RUN' | 'USER'; readonly value: string }
  | { readonly name: 'COPY'; readonly sources: readonly string[]; readonly target: string };

/** @throws Error for an instruction that the replay does not support, so that none is ignored */
export const parseDockerfile = (text: string): Instruction[] =>
  text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', value = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      if (name === 'FROM' || name === 'WORKDIR' || name === 'RUN' || name === 'USER') return { name, value };
      const paths = value.split(/\s+/);
      if (name !== 'COPY' || paths.length < 2 || /^--|[[*?]/.test(value)) throw new Error(`not replayed: ${line}`);
      return { name, sources: paths.slice(0, -1), target: String(paths.at(-1)) };
    });

/** @returns whether a path, from the root of the build context, is ignored @throws Error for a pattern, which is not supported */
export const parseDockerignore = (text: string): ((path: string) => boolean) => {
  const entries = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const pattern = entries.find((entry) => /[*?!]/.test(entry));
  if (pattern !== undefined) throw new Error(`not replayed: ${pattern}`);
  return (path) => entries.some((entry) => path === entry || path.startsWith(`${entry}/`));
};
