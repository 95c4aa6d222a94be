/** What an operator asks a rebuild to do, by a command or a route. */
export type RebuildRequest = {
  readonly inPlace: boolean;
  /** The state store to fill; undefined for the primary store. */
  readonly into: string | undefined;
  /** Does not throttle. */
  readonly fullSpeed: boolean;
  /** Starts with the data of the source instead of the first record of the log. */
  readonly fromSource: boolean;
  /** Undefined where the view has no source, or is not to be compared with it. */
  readonly sourceUrl: string | undefined;
  /** A sentence that says where `sourceUrl` is from. */
  readonly sourceAddress: string | undefined;
  readonly acceptDifferences: boolean;
  /** The value of --view in commands that a message suggests. */
  readonly view?: string | undefined;
};
