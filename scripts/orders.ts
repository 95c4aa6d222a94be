import { runCommand } from './command.ts';

runCommand(async () => (await import('./orders/generate-orders.ts')).generateOrders);
