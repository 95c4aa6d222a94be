import express, { type Express, type Router } from 'express';

/** An app that only a sidecar calls: deliveries, and whether we are alive. */
export const deliveryApp = (deliveries: Router): Express => {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get('/healthz', (_req, res) => void res.json({ status: 'alive' }));
  app.use(deliveries);
  app.use((_req, res) => void res.sendStatus(404));
  return app;
};
