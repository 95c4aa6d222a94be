import { EventTail } from '../../tail/event-tail.tsx';
import { ArrivalPanel } from './arrival-panel.tsx';
import { ChangePanel } from './change-panel.tsx';
import { LagPanel } from './lag-panel.tsx';

/** Shows how a change of a mandate reaches the view. */
export const FlowPage = () => (
  <>
    <h1>Flow</h1>
    <div class="columns">
      <ChangePanel />
      <ArrivalPanel />
    </div>
    <EventTail />
    <LagPanel />
  </>
);
