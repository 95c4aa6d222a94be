export { splitMarks } from './dead-letter-marks.ts';
export { discardDeadLetters } from './discard-dead-letters.ts';
