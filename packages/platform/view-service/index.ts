export { createViewApp, readStatuses, type ViewAppContext } from './app.ts';
export { portsOf, startViewService, type ViewServiceConfig, type ViewServiceContext } from './service.ts';
