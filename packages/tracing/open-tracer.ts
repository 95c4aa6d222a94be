import type { Logger } from 'pino';
import { installPeerPackages, isPackageMissing } from '../runtime/peer-packages.ts';
import type { Tracer } from '../runtime/tracing.ts';
import type { TracingSettings } from './settings.ts';

/**
 * Opens the tracer that reports the spans of a service; returns undefined if no collector is configured. OpenTelemetry is loaded only
 * if it is used. If its packages are missing, the service logs a warning and runs without tracing, because no answer depends on traces.
 */
export const openTracer = async (
  service: string,
  settings: TracingSettings,
  log: Logger,
): Promise<Tracer | undefined> => {
  if (!settings.otlpUrl && !settings.zipkinUrl) return undefined;
  try {
    const { createReportingTracer } = await import('./open-telemetry/reporting-tracer.ts');
    return createReportingTracer(service, settings, log);
  } catch (error) {
    if (!isPackageMissing(error)) throw error;
    const warning = 'tracing is off, because its packages are not installed; to install them';
    log.warn({ service }, `${warning}: ${installPeerPackages}`);
    return undefined;
  }
};
