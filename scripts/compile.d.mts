export const programs: readonly string[];
export const compile: (folder?: string, entryPoints?: readonly string[]) => Promise<string>;
export const programWords: (program: string, onError?: (error: string) => void) => Promise<string[]>;
