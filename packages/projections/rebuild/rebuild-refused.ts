/** A rebuild that cannot begin or go on; the message says why and what to do. */
export class RebuildRefused extends Error {
  override name = 'RebuildRefused';
}

/** Another process does it already. */
export class RebuildUnderWay extends RebuildRefused {
  override name = 'RebuildUnderWay';
}
