import { runService } from '../packages/platform/service.ts';

/** A service that never finishes its stop. */
const isAlive = setInterval(() => {}, 1_000);
await runService(async () => {
  console.log('started');
  return {
    close: () => {
      console.log('closing');
      return new Promise<void>(() => isAlive.ref());
    },
  };
});
