/** The simulated devices of the driver bench, in a process of their own: what they hash is not the daemon's time. */
import { startFleet, type DeviceSpec, type Fleet } from '../../../../sim/fleet.ts';
import { messageOf } from '../../../../protocol/common/errors.ts';

export type FleetOrder =
  | { readonly do: 'start'; readonly specs: Readonly<Record<string, DeviceSpec>>; readonly hashingPercent: number }
  | { readonly do: 'unplug'; readonly id: string }
  | { readonly do: 'plug'; readonly id: string }
  | { readonly do: 'fault'; readonly id: string; readonly fault: string }
  | { readonly do: 'clear'; readonly id: string; readonly fault: string }
  | { readonly do: 'stats' }
  | { readonly do: 'close' };

export type FleetAnswer = { readonly stats: Readonly<Record<string, Readonly<Record<string, unknown>>>> } | { readonly done: true } | { readonly error: string };

let fleet: Fleet | null = null;

async function obey(order: FleetOrder): Promise<FleetAnswer> {
  if (order.do === 'start') {
    fleet = await startFleet(order.specs, { hashingPercent: order.hashingPercent });
    return { done: true };
  }
  if (order.do === 'stats') return { stats: Object.fromEntries([...(fleet?.rigs ?? [])].map(([id, rig]) => [id, rig.stats()])) };
  if (order.do === 'close') {
    await fleet?.close();
    fleet = null;
    return { done: true };
  }
  const rig = fleet?.rigs.get(order.id);
  if (!rig) return { error: `no device "${order.id}"` };
  if (order.do === 'unplug') await rig.unplug();
  else if (order.do === 'plug') await rig.plug();
  else if (order.do === 'fault') rig.fault(order.fault);
  else rig.clear(order.fault);
  return { done: true };
}

process.on('message', ({ number, body }: { number: number; body: FleetOrder }) => {
  void obey(body)
    .catch((error: unknown): FleetAnswer => ({ error: messageOf(error) }))
    .then((answer) => process.send?.({ number, body: answer }));
});
process.on('disconnect', () => void (fleet?.close() ?? Promise.resolve()).finally(() => process.exit(0)));
// Ctrl-C in a terminal goes to the whole group: this process ends when the bench has taken its figures.
process.on('SIGINT', () => {});
