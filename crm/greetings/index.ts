/** Greetings: the example of an event that the CRM publishes without a table of its own. */
export { greetingRoutes } from './routes.ts';
