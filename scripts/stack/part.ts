/** Prints one line of progress. */
export type Report = (line: string) => void;

export const silent: Report = () => {};

export type Command = { program: string; args: string[]; env?: Record<string, string> };

/** A server of the stack: Kafka, Redis, … */
export type Part = {
  title: string;
  port: number;
  /** The variable that moves it to another port. */
  portVariable: string;
  /** `up` starts it only when it is named. */
  isOptional?: true;
  /** Installs missing programs and writes the configuration into `folder`. @returns the command to run there */
  prepare(folder: string, report: Report): Promise<Command>;
  /** The version of the healthy server that answers on the port; undefined when there is none. */
  probe(): Promise<string | undefined>;
  /** Creates what the project needs in the running server, such as topics. Idempotent. */
  provision?(report: Report): Promise<void>;
};

/** A program that the lab and the tests run: the sidecar, the Dapr CLI. */
export type Program = {
  title: string;
  /** The path of the program where it is installed already. */
  find(): Promise<string | undefined>;
  /** Builds the program unless it is installed. @returns its path */
  ensure(report?: Report): Promise<string>;
  version(path: string): Promise<string>;
};
