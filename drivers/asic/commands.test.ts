import { describe, expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { asicRig, makeWork, settle } from './device.fixture.ts';

async function hashingRig(options: Parameters<typeof asicRig>[0] = {}) {
  const rig = asicRig(options);
  rig.device.assign(makeWork(1));
  await rig.start();
  return rig;
}

describe('set', () => {
  it('is checked against limits and capabilities before anything is done', async () => {
    const rig = await hashingRig({ capabilities: ['set_frequency_mhz', 'set_fan_percent'] });
    const set = (values: Record<string, number>) => rig.device.command({ type: 'set', values });
    await expect(set({ frequency_mhz: 700 })).rejects.toThrow('test-1: frequency_mhz is between 50 and 600 MHz, not 700');
    await expect(set({ frequency_mhz: Number.NaN })).rejects.toThrow('between 50 and 600 MHz');
    await expect(set({ frequency_mhz: 500, voltage_v: 1.2 })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND', message: 'test-1: has no setting "voltage_v"', hint: 'It has frequency_mhz, fan_percent.' });
    await expect(set({ constructor: 1 })).rejects.toThrow('no setting');
    await expect(set({})).rejects.toThrow('nothing to set');
    expect(rig.board().calls).toEqual(['start', 'send 1']);
    await expect(rig.device.command({ type: 'pause', reason: 'x' })).rejects.toThrow('cannot pause');
    await rig.stop();
  });

  it('stays in force after a restart, a pause and a replug', async () => {
    const rig = await hashingRig();
    await rig.during(rig.device.command({ type: 'set', values: { frequency_mhz: 450, fan_percent: 60 } }), 1000);
    expect(rig.board().calls.at(-1)).toBe('apply {"frequency_mhz":450,"fan_percent":60}');
    await rig.during(rig.device.command({ type: 'restart' }), 1000);
    expect(rig.board().calls.slice(-2)).toEqual(['start', 'apply {"frequency_mhz":450,"fan_percent":60}']);
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 1000);
    // At rest it is kept for the next start.
    await rig.during(rig.device.command({ type: 'set', values: { voltage_v: 1.1, fan_percent: -1 } }), 1000);
    rig.board().trouble('gone');
    await rig.pass(3000);
    await rig.device.command({ type: 'resume' });
    await rig.pass(3000);
    expect(rig.boards).toHaveLength(2);
    expect(rig.board().calls.slice(0, 2)).toEqual(['start', 'apply {"frequency_mhz":450,"fan_percent":null,"voltage_v":1.1}']);
    await rig.stop();
  });

  it('waits for a board that is starting, and not for ever for one that is not there', async () => {
    const rig = asicRig({ prepare: (board) => board.startPlan.push('hang') });
    rig.device.assign(makeWork(1));
    await rig.start();
    const waiting = rig.device.command({ type: 'set', values: { frequency_mhz: 450 } });
    await settle();
    rig.ports.plugged = false;
    rig.board().trouble('gone');
    expect(await rig.during(waiting, 40_000)).toMatchObject({ code: 'E_DEVICE_COMMAND', message: 'test-1: cannot set frequency_mhz now: not plugged in: no such device on USB' });
    await rig.stop();
  });

  it('that the board refuses is not kept', async () => {
    const rig = await hashingRig();
    rig.board().applyPlan.push(new RigError('E_DEVICE_COMMAND', 'not with this voltage'));
    expect(await rig.during(rig.device.command({ type: 'set', values: { frequency_mhz: 590 } }), 1000)).toMatchObject({ message: 'not with this voltage' });
    expect(rig.device.state().status).toBe('hashing');
    await rig.during(rig.device.command({ type: 'restart' }), 1000);
    expect(rig.board().calls.at(-1)).toBe('start');
    await rig.stop();
  });

  it('that brings the regulator down ends in isolation', async () => {
    const rig = await hashingRig();
    rig.board().applyPlan.push(new RigError('E_DEVICE_UNSAFE', 'the regulator reports over-current', { context: { trouble: 'power' } }));
    expect(await rig.during(rig.device.command({ type: 'set', values: { frequency_mhz: 590 } }), 1000)).toMatchObject({ code: 'E_DEVICE_UNSAFE' });
    await rig.pass(1000);
    expect(rig.device.state()).toMatchObject({ status: 'fault', reason: 'the regulator reports over-current; tried again after 1 min' });
    expect(rig.board().stopped).toBe(true);
    await rig.stop();
  });
});

describe('restart', () => {
  it('ends a wait of the ladder, and says when it does not help', async () => {
    const rig = await hashingRig({ prepare: (board) => board.startPlan.push('ok', new RigError('E_DEVICE_SILENT', 'no chip answers')) });
    rig.board().trouble('power');
    await rig.pass(1000);
    expect(rig.device.state().status).toBe('fault');
    await rig.during(rig.device.command({ type: 'restart' }), 5000);
    expect(rig.device.state().status).toBe('hashing');
    expect(rig.boards).toHaveLength(2);
    expect(await rig.during(rig.device.command({ type: 'restart' }), 5000)).toMatchObject({ code: 'E_DEVICE_COMMAND', message: 'test-1: no chip answers: chips are reset' });
    await rig.pass(1000);
    expect(rig.device.state().status).toBe('hashing');
    await rig.stop();
  });

  it('is refused while it is paused', async () => {
    const rig = await hashingRig();
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 1000);
    await expect(rig.device.command({ type: 'restart' })).rejects.toThrow('it is paused: by hand');
    await rig.stop();
  });
});

describe('pause', () => {
  it('during a start ends it, and the board is halted', async () => {
    const rig = await hashingRig({ prepare: (board) => board.startPlan.push('hang') });
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 2000);
    expect(rig.board().calls).toEqual(['start', 'halt']);
    expect(rig.device.state()).toMatchObject({ status: 'paused', detail: { ladder: { rung: 0, isolations: 0 } } });
    await rig.device.command({ type: 'resume' });
    await settle();
    expect(rig.board().calls).toEqual(['start', 'halt', 'start', 'send 1']);
    await rig.stop();
  });

  it('during a start, taken back before that has ended: it is started anew, and nothing is held against it', async () => {
    const rig = await hashingRig({ prepare: (board) => board.startPlan.push('hang') });
    const paused = rig.device.command({ type: 'pause', reason: 'by hand' }).catch(() => {});
    await rig.device.command({ type: 'resume' });
    await rig.pass(2000);
    expect(rig.device.state()).toMatchObject({ status: 'hashing', detail: { ladder: { isolations: 0, alerted: false } } });
    expect(rig.board().calls).toEqual(['start', 'start', 'send 1']);
    await rig.stop();
    await paused;
  });

  it('during a start that does not listen: the board is given up and made anew', async () => {
    let first = true;
    const again = await hashingRig({ prepare: (board) => void (first && board.startPlan.push('deaf'), (first = false)) });
    await again.during(again.device.command({ type: 'pause', reason: 'by hand' }), 3000);
    expect(again.boards[0]!.stopped).toBe(true);
    await again.device.command({ type: 'resume' });
    await again.pass(2000);
    expect(again.boards).toHaveLength(2);
    expect(again.device.state().status).toBe('hashing');
    await again.stop();
  });

  it.each(['a command', 'a start'])('does not wait for the end of a long change of settings, by %s', async (by) => {
    const rig = await hashingRig();
    const set = () => rig.device.command({ type: 'set', values: { frequency_mhz: 450 } });
    let change: Promise<unknown> = Promise.resolve();
    if (by === 'a start') {
      await rig.during(set(), 1000);
      rig.board().applyPlan.push('hang');
      change = rig.device.command({ type: 'restart' });
    } else {
      rig.board().applyPlan.push('hang');
      change = set();
    }
    const refused = expect(change).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await rig.pass(1000);
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 2000);
    await refused;
    expect(rig.board().calls.at(-1)).toBe('halt');
    await rig.device.command({ type: 'resume' });
    await rig.pass(2000);
    // What was set before is still wanted.
    expect(rig.board().calls.filter((call) => call.startsWith('apply'))).toHaveLength(by === 'a start' ? 3 : 1);
    expect(rig.device.state().status).toBe('hashing');
    await rig.stop();
  });

  it.each(['pause', 'stop'])('does not wait for the commands in the queue either: %s', async (how) => {
    const rig = await hashingRig();
    rig.board().applyPlan.push('hang', 'hang');
    const sets = [450, 460].map((frequency_mhz) => rig.device.command({ type: 'set', values: { frequency_mhz } }));
    for (const set of sets) set.catch(() => {});
    await rig.pass(500);
    if (how === 'pause') expect(await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 2000)).toBeUndefined();
    expect(rig.board().calls.filter((call) => call.startsWith('apply'))).toHaveLength(1);
    await rig.stop();
    for (const set of sets) await expect(set).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  });

  it('before it is plugged in holds when it is', async () => {
    const rig = asicRig();
    rig.ports.plugged = false;
    rig.device.assign(makeWork(1));
    await rig.start();
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 1000);
    rig.ports.plugged = true;
    await rig.pass(20_000);
    expect(rig.board().calls).toEqual([]);
    expect(rig.device.state().status).toBe('paused');
    // Nothing of it is open, so its port tells nothing: it is looked for.
    rig.ports.plugged = false;
    await rig.pass(10_000);
    expect(rig.board().stopped).toBe(true);
    await rig.stop();
  });
});

describe('identify', () => {
  it('reaches a board that is open, halted or not', async () => {
    const rig = await hashingRig();
    await rig.during(rig.device.command({ type: 'identify' }), 1000);
    await rig.during(rig.device.command({ type: 'pause', reason: 'by hand' }), 1000);
    await rig.during(rig.device.command({ type: 'identify' }), 1000);
    expect(rig.board().calls).toEqual(['start', 'send 1', 'identify', 'halt', 'identify']);
    await rig.stop();
  });

  it('says why not otherwise', async () => {
    const rig = asicRig();
    rig.ports.plugged = false;
    await rig.start();
    expect(await rig.during(rig.device.command({ type: 'identify' }), 10_000)).toMatchObject({ code: 'E_DEVICE_COMMAND', message: expect.stringContaining('not plugged in') });
    await rig.stop();
  });
});

it('commands are refused before the start, after the stop and when too many wait; none is left hanging by a stop', async () => {
  const rig = asicRig();
  await expect(rig.device.command({ type: 'identify' })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  rig.ports.plugged = false;
  await rig.start();
  const waiting = Array.from({ length: 16 }, () => rig.device.command({ type: 'identify' }).catch((error: Error) => error.message));
  await expect(rig.device.command({ type: 'identify' })).rejects.toThrow('16 commands wait already');
  await rig.stop();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['test-1: it is being stopped']));
  await expect(rig.device.command({ type: 'restart' })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
  expect(rig.clock.pendingTimers).toBe(0);
});
