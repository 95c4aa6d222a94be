import { type ReadonlySignal, signal } from '@preact/signals';

const key = 'operator-token';
const token = signal(sessionStorage.getItem(key) ?? '');

/** The operator token; empty without one. It ends with the tab. */
export const operatorToken: ReadonlySignal<string> = token;

export const setOperatorToken = (text: string): void => {
  sessionStorage.setItem(key, text);
  token.value = text;
};

export const removeOperatorToken = (): void => {
  sessionStorage.removeItem(key);
  token.value = '';
};

/** Whether the page asks for the token. */
export const isAskingForToken = signal(false);
export const askForOperatorToken = (): void => {
  isAskingForToken.value = true;
};
