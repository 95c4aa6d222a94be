import { daprCli } from './dapr-cli.ts';
import { daprd } from './daprd.ts';
import type { Part, Program } from './part.ts';
import { kafka } from './parts/kafka.ts';
import { mysql } from './parts/mysql.ts';
import { redis } from './parts/redis.ts';
import { schemaRegistry } from './parts/schema-registry.ts';
import { zipkin } from './parts/zipkin.ts';

export const parts = { kafka, redis, mysql, zipkin, 'schema-registry': schemaRegistry } satisfies Record<string, Part>;
export const programs = { daprd, dapr: daprCli } satisfies Record<string, Program>;

export type PartName = keyof typeof parts;
export type ProgramName = keyof typeof programs;

export const partNames = Object.keys(parts) as PartName[];
/** The parts that the services and the tests use. */
export const defaultPartNames = partNames.filter((name) => !('isOptional' in parts[name]));
export const programNames = Object.keys(programs) as ProgramName[];

export const isPart = (name: string): name is PartName => Object.hasOwn(parts, name);
export const isProgram = (name: string): name is ProgramName => Object.hasOwn(programs, name);
