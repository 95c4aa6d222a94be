/** The lists that join orders with customers. */
export { customerOrderRoutes } from './routes.ts';
