import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const positive = z.number().positive();
/** By the name of the process. */
const byProcess = z.record(z.string(), positive);

const pointSchema = z.object({
  /** The connections that the view holds. */
  keys: positive,
  instances: positive,
  eventsPerSecond: positive,
  /** CPU time per event. */
  microseconds: byProcess,
  /** Peak memory of all instances; of the store the memory in use at the end. */
  megabytes: byProcess,
});

const rateSchema = z.object({ events: positive, eventsPerSecond: positive });

const measuredSchema = z.object({
  date: z.iso.date(),
  machine: z.string(),
  command: z.string(),
  /** The events of each point: changes of connections that the view holds already. */
  changes: positive,
  /** How often each point was measured; it is the slower of the middle runs. */
  rounds: positive,
  points: z.array(pointSchema).min(1),
  /** An empty view takes in one event of each connection, by one instance. */
  fill: rateSchema,
  /** `npm run rebuild -- --full-speed` of that view. */
  rebuild: rateSchema,
  /** Memory of the store per connection. */
  bytesPerKey: positive,
  /** Disk of the broker per event, on one replica. */
  bytesPerEvent: positive,
});

export type Point = z.infer<typeof pointSchema>;
/** The constants of `npm run capacity`, which `npm run bench:growth` measures. */
export type Measured = z.infer<typeof measuredSchema>;

const file = join(import.meta.dirname, 'measured.json');

/** @throws Error with the remedy when the file is missing or invalid */
export const readMeasured = (): Measured => {
  try {
    return measuredSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(`${file} cannot be used. npm run bench:growth writes it. ${(error as Error).message}`);
  }
};

export const writeMeasured = (measured: Measured): void =>
  writeFileSync(file, `${JSON.stringify(measuredSchema.parse(measured), null, 2)}\n`);
