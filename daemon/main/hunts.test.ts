import { expect, test } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { memoryService } from '../hunt/service.fixture.ts';
import { MiningEngine } from '../mining/engine.ts';
import type { RigEvent } from '../telemetry/state.ts';
import { tellHunt } from './hunts.ts';
import { RigCommands } from './rig-commands.ts';
import { RigEvents } from './rig-events.ts';

const clock = new ManualClock();
const engine = new MiningEngine({ sources: [], devices: [], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });

test('how a hunt begins and ends is told and recorded, no score without its p-value', async () => {
  const { service } = memoryService();
  const events = new RigEvents(clock);
  const told: RigEvent[] = [];
  events.events.on('event', (event) => told.push(event));
  const reports: Record<string, unknown>[] = [];
  service.subscribe((event) => tellHunt(event, service.state(), events, { saveSystemReport: (_category, data) => String(reports.push(data)) }));
  const { hunt_id } = await service.start();
  await service.idle();
  expect(told.map(({ type }) => type)).toEqual(['hunt_started', 'hunt_completed']);
  expect(told[1]!.message).toMatch(/^hunt 00000000 completed: 6 jobs, 0 failed; best SSE \S+ \(p 0\.25, the best of many\); on fresh seeds SSE \S+ \(p 0\.25\): no better than scrambled fields/);
  expect(reports).toMatchObject([{ event: 'hunt_started', hunt_id, jobs_total: 6 }, { event: 'hunt_completed', hunt_id, jobs_done: 6, best: { p_value: 0.25 }, golden: { is_significant: false } }]);
});

test('commands over MQTT: said twice they mean the same', async () => {
  const held = { run: (_job: unknown, { signal }: { signal: AbortSignal }) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))), waiting: () => null, close: () => Promise.resolve() };
  const { service } = memoryService({ openRunner: () => Promise.resolve(held) });
  const commands = new RigCommands(engine, { clock, log: silentLog }, service);
  expect(await commands.hunt({ verb: 'start', request: { generations: 3 } }, 'mqtt')).toMatchObject({ status: 'running', generations: 3, jobs_total: 9 });
  await expect(commands.hunt({ verb: 'start', request: {} }, 'mqtt')).rejects.toMatchObject({ code: 'E_HUNT_BUSY' });
  expect(await commands.hunt({ verb: 'resume' }, 'mqtt')).toMatchObject({ status: 'running' });
  for (let time = 0; time < 2; time++) expect(await commands.hunt({ verb: 'pause' }, 'mqtt')).toMatchObject({ status: expect.stringMatching(/^paus/) });
  expect(await commands.hunt({ verb: 'resume' }, 'mqtt')).toMatchObject({ status: 'running' });
  expect(await commands.hunt({ verb: 'stop' }, 'mqtt')).toMatchObject({ status: 'stopped', jobs_done: 0 });
  await expect(commands.hunt({ verb: 'stop' }, 'mqtt')).rejects.toMatchObject({ code: 'E_HUNT_SETTINGS' });
  await expect(new RigCommands(engine, { clock, log: silentLog }).hunt({ verb: 'stop' }, 'mqtt')).rejects.toMatchObject({ code: 'E_COMMAND_INVALID' });
});
