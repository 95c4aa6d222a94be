/** Takes one line of progress. */
export type Say = (line: string) => void;

export const silent: Say = () => {};

export type Command = { program: string; args: string[]; env?: Record<string, string> };

/** A server of the stack: Kafka, Redis, … */
export type Part = {
  title: string;
  port: number;
  /** The variable that moves it to another port. */
  portVariable: string;
  /** Fetches or installs what is missing, writes the configuration into `folder`, and returns what to run there. */
  prepare(folder: string, say: Say): Promise<Command>;
  /** The version that answers on the port; undefined when nothing healthy does. */
  probe(): Promise<string | undefined>;
  /** Makes what has to be in it, also where another process started it. May be done again and again. */
  furnish?(say: Say): Promise<void>;
};

/** A program that is run by others: the sidecar, the Dapr CLI. */
export type Program = {
  title: string;
  /** Where it is, if it is there already. */
  find(): Promise<string | undefined>;
  /** Builds it when it is not there. */
  ensure(say?: Say): Promise<string>;
  version(path: string): Promise<string>;
};
