import type { RegisteredView } from '../packages/platform/views.ts';
import { greetingsView } from './greetings/index.ts';

/** The views of this service. The commands find them here, as in iot-platform/projections.ts. */
export const customerViews: readonly RegisteredView[] = [greetingsView];
