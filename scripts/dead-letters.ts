import { runCommand } from './command.ts';

runCommand(async () => (await import('./dead-letters/dead-letters.ts')).deadLetters);
