/** Is it hashing, for whom, at what cost? The answer first, what it rests on below. */
import { live } from '../live/live.ts';
import { useStore } from '../live/store.ts';
import { Alarms } from './alarms.tsx';
import { Answer } from './answer.tsx';
import { Devices } from './devices.tsx';
import { LanMiners } from './lan-miners.tsx';
import { Lately } from './lately.tsx';
import { LedgerHealth } from './ledger-health.tsx';
import { Pools } from './pools.tsx';
import { Shares } from './shares.tsx';

export function MiningPage() {
  const state = useStore(live, (now) => now.state);
  if (state === null) return <p class="waiting">Waiting for the first word of the rig…</p>;
  return (
    <>
      <h1 class="unseen">Mining</h1>
      <Alarms alarms={state.alarms} />
      <Answer state={state} />
      <Shares state={state} />
      <Devices devices={state.devices} />
      <Pools pools={state.pools} />
      {state.server !== null && <LanMiners server={state.server} />}
      <div class="two">
        <Lately />
        <LedgerHealth ledger={state.ledger} />
      </div>
    </>
  );
}
