import { runCommand } from './command.ts';

runCommand(async () => (await import('./consumer-group/consumer-group.ts')).consumerGroup);
