import { runCommand } from './command.ts';
import { generateOrders } from './orders/generate-orders.ts';

runCommand(generateOrders);
