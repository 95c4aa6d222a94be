import { runCommand } from './command.ts';
import { deadLetters } from './dead-letters/dead-letters.ts';

runCommand(deadLetters);
