import type { RegisteredView } from '../packages/platform/views.ts';
import { mandatesView } from './mandates/index.ts';

/**
 * The views of this service: the service follows each of them, and npm run rebuild, status, explain and dead-letters
 * find them here.
 */
export const iotPlatformViews: readonly RegisteredView[] = [mandatesView];
