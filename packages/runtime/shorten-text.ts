/** At most `length` characters; a longer text ends in an ellipsis, and no character is cut in two. */
export const shortenText = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
