import { expect, it } from 'vitest';
import { candidatesBy, chooseBoard, sharedVolts, type ChipsFound } from './detect.ts';
import { bitaxePlans, boardPlan, differsInWhatMatters, type BoardPlan } from './plan.ts';

const found = (change: Partial<ChipsFound>): ChipsFound => ({ fans: ['EMC2101'], regulators: ['TPS546'], meter: false, thermometers: [], ...change });
const versions = (plans: readonly BoardPlan[]): string[] => plans.map(({ version }) => version);

it('tells boards by their parts', () => {
  expect(versions(candidatesBy(found({}), bitaxePlans()))).toEqual(['207', '402', '403', '600', '601', '602', '603', '650']);
  expect(versions(candidatesBy(found({ regulators: ['DS4432U'], meter: true }), bitaxePlans()))).toEqual(['2.2', '102', '0.11', '201', '202', '203', '204', '205', '400', '401']);
  expect(versions(candidatesBy(found({ fans: ['EMC2302'], thermometers: [0x4a, 0x4b] }), bitaxePlans()))).toEqual(['302', '303', '701', '702']);
  expect(versions(candidatesBy(found({ fans: ['EMC2103'] }), bitaxePlans()))).toEqual(['801']);
});

it('refuses parts that no board has, and parts of two boards at once', () => {
  expect(() => candidatesBy(found({ fans: [] }), bitaxePlans())).toThrow(/no board known has these parts .*TPS546.*it could be 2\.2/);
  expect(() => candidatesBy(found({ fans: ['EMC2101', 'EMC2103'] }), bitaxePlans())).toThrow(/does not tell how it is powered: it could be 207/);
});

it('the lowest voltage that all of them are used with', () => {
  expect(sharedVolts(candidatesBy(found({}), bitaxePlans()))).toBe(1.1);
  expect(sharedVolts([boardPlan('602')!])).toBe(1);
});

it('takes any of several that do not differ in what matters, and refuses those that do', () => {
  const candidates = candidatesBy(found({}), bitaxePlans());
  expect(chooseBoard(candidates, 'BM1370', 1).version).toBe('600');
  expect(chooseBoard(candidates, 'BM1370', 2).version).toBe('650');
  expect(chooseBoard(candidates, 'BM1366', 1).version).toBe('207');
  expect(() => chooseBoard(candidates, 'BM1397', 1)).toThrow(/chips are BM1397/);
  expect(() => chooseBoard(candidates, 'BM1370', 3)).toThrow(/3 x BM1370 answered, the boards with these parts have 1 or 2/);
  const warmer: BoardPlan = { ...boardPlan('602')!, version: '604', sensors: { kind: 'emc2101-internal', offsetC: 5, swapped: false } };
  expect(differsInWhatMatters(warmer, boardPlan('602')!)).toBe(true);
  expect(() => chooseBoard([...candidates, warmer], 'BM1370', 1)).toThrow(/it could be 600, 601, 602, 603, 604/);
});
