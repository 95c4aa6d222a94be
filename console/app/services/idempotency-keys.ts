/**
 * Creates the keys of one form. The same content gets the same key, so that a repeated request is executed once, also if its first
 * answer was lost. Other content is another request, and gets another key.
 */
export const createIdempotencyKeys = (): ((content: object) => string) => {
  const keys = new Map<string, string>();
  return (content) => {
    const text = JSON.stringify(content);
    const key = keys.get(text) ?? createKey();
    keys.set(text, key);
    return key;
  };
};

// crypto.randomUUID exists only on pages of HTTPS and localhost.
const createKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
