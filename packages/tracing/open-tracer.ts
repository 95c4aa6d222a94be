import type { Logger } from 'pino';
import type { Tracer } from '../runtime/tracing.ts';
import type { TracingSettings } from './settings.ts';

const installCommand = 'node scripts/install.mjs --omit=dev --tracing';

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
    log.warn({ service }, `tracing is off, because its packages are not installed; to install them: ${installCommand}`);
    return undefined;
  }
};

const isPackageMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
