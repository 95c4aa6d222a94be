import { Session } from 'node:inspector/promises';

/** A function of the project; `file` is a path from its root. */
export type Call = { readonly file: string; readonly name: string };

export type Recording = {
  /** The calls of functions in the observed files, in their order. */
  readonly calls: readonly Call[];
  /** Every file of the project of which any function was called. */
  readonly files: readonly string[];
};

/**
 * Records which functions below `root` are called in this process; worker threads are not recorded. Call it before the
 * modules are loaded, because V8 counts calls only in modules that are loaded later. Counts have no order, so each function
 * of the observed files also gets a breakpoint. Its condition records the call and is false: nothing stops.
 */
export const startCallRecorder = async (root: URL) => {
  const session = new Session();
  session.connect();
  const files = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
    const isOurs = url.startsWith(root.href) && !url.includes('/node_modules/');
    if (isOurs) files.set(scriptId, String(url.slice(root.href.length).split('?')[0]));
  });
  await session.post('Debugger.enable');
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const readCoverage = async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result.flatMap(({ scriptId, functions }) => {
      const file = files.get(scriptId);
      return file === undefined ? [] : [{ scriptId, file, functions }];
    });
  };

  return async (observed: readonly string[], work: () => Promise<void>): Promise<Recording> => {
    const calls: Call[] = [];
    const functions: Call[] = [];
    Object.assign(globalThis, { recordCall: (n: number) => void calls.push(functions[n] as Call) });
    for (const { scriptId, file, functions: found } of await readCoverage()) {
      if (!observed.includes(file)) continue;
      const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
      for (const { functionName, ranges } of found) {
        const { startOffset = 0, endOffset = 0 } = ranges[0] ?? {};
        const name = findNameAfter(scriptSource, endOffset) ?? functionName;
        const body = bodyOf(scriptSource.slice(startOffset, endOffset));
        if (name === '' || body === undefined) continue;
        const location = { scriptId, ...placeOf(scriptSource, startOffset + body) };
        const condition = `recordCall(${functions.push({ file, name }) - 1})`;
        await session.post('Debugger.setBreakpoint', { location, condition });
      }
    }
    await readCoverage();
    await work();
    const called = (await readCoverage()).filter((script) => script.functions.some(({ ranges }) => ranges[0]?.count));
    return { calls, files: called.map(({ file }) => file) };
  };
};

/** tsx wraps a function without a name of its own in a call that names it: `__name(() => {}, "name")`. */
const findNameAfter = (source: string, endOffset: number) =>
  /^,\s*"([^"]+)"\)/.exec(source.slice(endOffset, endOffset + 100))?.[1];

/** Where the body begins, behind the parameters: these may contain functions, which have breakpoints of their own. */
const bodyOf = (text: string): number | undefined => {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text.charAt(i))) depth++;
    if (')]}'.includes(text.charAt(i))) depth--;
    if (depth === 0 && text.startsWith('=>', i)) return i + 2;
    if (depth === 0 && /^\)\s*\{/.test(text.slice(i, i + 10))) return text.indexOf('{', i) + 1;
  }
  return undefined;
};

const placeOf = (source: string, offset: number) => {
  const before = source.slice(0, offset);
  return { lineNumber: before.split('\n').length - 1, columnNumber: offset - (before.lastIndexOf('\n') + 1) };
};
