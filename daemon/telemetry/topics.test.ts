import { describe, expect, test } from 'vitest';
import { TOPICS, isDeviceLevel, matchTopic, topicOf, type TopicScope } from './topics.ts';

const scope: TopicScope = { base: 'home/rigbrain', node: 'rig1', prefix: 'homeassistant' };

describe('topicOf', () => {
  test('fills in every level', () => {
    expect(topicOf(scope, 'status', {})).toBe('home/rigbrain/rig1/status');
    expect(topicOf(scope, 'deviceState', { device: 'bitaxe-1' })).toBe('home/rigbrain/rig1/bitaxe-1/state');
    expect(topicOf(scope, 'response', { verb: 'device/pause' })).toBe('home/rigbrain/rig1/response/device/pause');
    expect(topicOf(scope, 'discovery', { object_id: 'rigbrain_rig1' })).toBe('homeassistant/device/rigbrain_rig1/config');
  });

  test.each(['', '+', 'a#', 'a\0b'])('refuses the level %j', (device) => {
    expect(() => topicOf(scope, 'deviceState', { device })).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
  });
});

describe('matchTopic', () => {
  test.each([
    ['home/rigbrain/rig1/state', 'state', {}],
    ['home/rigbrain/rig1/cpu/state', 'deviceState', { device: 'cpu' }],
    ['home/rigbrain/rig1/set', 'set', {}],
    ['home/rigbrain/rig1/cpu/set', 'deviceSet', { device: 'cpu' }],
    ['home/rigbrain/rig1/request/state', 'requestState', {}],
    ['home/rigbrain/rig1/request/device/pause', 'requestDevicePause', {}],
    ['home/rigbrain/rig1/response/device/pause', 'response', { verb: 'device/pause' }],
    ['homeassistant/status', 'homeAssistantStatus', {}],
  ])('%s is %s', (topic, key, params) => {
    expect(matchTopic(scope, topic)).toEqual({ key, params });
  });

  test.each(['rigbrain/rig1/state', 'home/rigbrain/rig2/state', 'home/rigbrain/rig1/cpu/extra/state', 'home/rigbrain/rig1/request/set', 'home/rigbrain/rig1/CPU/set'])('%s is none of ours', (topic) => {
    expect(matchTopic(scope, topic)).toBeNull();
  });

  test('a dot in the base topic is a dot', () => {
    expect(matchTopic({ ...scope, base: 'a.b' }, 'axb/rig1/state')).toBeNull();
  });
});

test('a device cannot take the level of commands or answers', () => {
  expect(['cpu', 'bitaxe-1', 'request', 'response', 'A', 'a/b', ''].map(isDeviceLevel)).toEqual([true, true, false, false, false, false, false]);
});

test('commands and answers are never retained', () => {
  for (const [key, spec] of Object.entries(TOPICS)) {
    if (spec.direction === 'subscribe' || key === 'response' || key === 'event') expect(spec.retain, key).toBe(false);
  }
});
