/** Installs the peer dependencies of package.json: the packages for tracing, REDIS_URL and Avro, which `npm start` omits. */
export const installPeerPackages = 'node scripts/install.mjs --omit=dev --include=peer';

/** Whether a dynamic import failed because a package is not installed. */
export const isPackageMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
