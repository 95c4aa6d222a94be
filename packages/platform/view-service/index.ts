export { createViewApp, readStatuses, type ViewAppContext } from './app.ts';
export { startViewService, type ViewServiceConfig, type ViewServiceContext } from './service.ts';
