import type { Logger } from 'pino';
import { installPeerPackages, isPackageMissing } from '../runtime/peer-packages.ts';
import type { Tracer } from '../runtime/tracing.ts';
import type { TracingSettings } from './settings.ts';

/**
 * The tracer that reports the spans of a service, or none where tracing is off. OpenTelemetry is loaded only where it is used. A
 * service without its packages runs untraced, because traces are an aid and no answer depends on them.
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
