const unreserved = /^[\w.~-]$/;

/**
 * Decodes a key or header that the Kafka component has escaped (`escapeHeaders`), because a text in a gRPC message must be UTF-8 and a
 * key may be any bytes. A text that the component cannot have escaped is returned as it is: the component of a user may lack the setting.
 */
export const unescapeText = (text: string): string => {
  if (!text.includes('%') && !text.includes('+')) return text;
  const latin1 = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return escapeLatin1(latin1) === text ? Buffer.from(latin1, 'latin1').toString() : text;
};

/** Escapes bytes as the component does: url.QueryEscape of Go. */
const escapeLatin1 = (latin1: string): string =>
  Array.from(latin1, (char) => {
    if (unreserved.test(char)) return char;
    return char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
