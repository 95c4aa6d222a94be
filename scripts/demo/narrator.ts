import { styleText } from 'node:util';
import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';

/** Prints the demo: sentences, the commands that a user would type, and the answers. */
export type Narrator = {
  /** Begins a step. Where a person reads, it first waits until the step before has been read. @throws if the demo is ending */
  step(title: string): Promise<void>;
  explain(sentence: string): void;
  command(line: string): void;
  answer(text: string): void;
};

type NarratorOptions = {
  readonly print: (line: string) => void;
  readonly hasColours: boolean;
  /** How long a step stays before the next one, in ms. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
};

export const createNarrator = ({ print, hasColours, pauseMs, signal }: NarratorOptions): Narrator => {
  const style = (format: 'bold' | 'cyan' | 'gray', text: string) =>
    hasColours ? styleText(format, text, { validateStream: false }) : text;
  let steps = 0;
  return {
    step: async (title) => {
      if (steps > 0) await sleepUnlessAborted(pauseMs, signal);
      // After Ctrl-C no further process may start.
      signal.throwIfAborted();
      steps += 1;
      print(`${steps > 1 ? '\n' : ''}${style('bold', `${steps}. ${title}`)}`);
    },
    explain: (sentence) => print(sentence),
    command: (line) => print(style('cyan', `  $ ${line}`)),
    answer: (text) => print(style('gray', text.replaceAll(/^(?=.)/gm, '  '))),
  };
};
