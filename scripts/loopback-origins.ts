/** The origins of pages that a service with this URL serves to a browser on this machine. */
export const listLoopbackOrigins = (url: string): readonly string[] => {
  const { port } = new URL(url);
  return ['localhost', '127.0.0.1', '[::1]'].map((host) => new URL(`http://${host}:${port}`).origin);
};
