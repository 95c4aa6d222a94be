export { type InstanceRegistry, openInstanceRegistry } from './instance-registry.ts';
export { instanceRoutes } from './routes.ts';
