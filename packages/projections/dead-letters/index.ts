export { listOpenMarks, splitMarks } from './dead-letter-marks.ts';
export { keyOfDeadLetter, readDeadLetterStates } from './dead-letter-states.ts';
export { discardDeadLetters } from './discard-dead-letters.ts';
export { type DeadLetter, readDeadLetters, recordOf } from './read-dead-letters.ts';
export { replayDeadLetters } from './replay-dead-letters.ts';
