/** Telling a hunt what to do, and how it goes. */
import { z } from 'zod';
import { HubRefusal } from '../answers.ts';
import { hubStatus } from '../legacy-status.ts';
import type { HubParts } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { doneSchema, resumeBody, startedSchema, startHuntBody, statusSchema, steerBody } from '../schemas.ts';
import type { StartHunt } from '../../hunt/control.ts';
import type { Steering } from '../../hunt/hunter.ts';

const LIVE: ReadonlySet<string> = new Set(['running', 'pausing', 'paused']);

export function huntRoutes({ hunts }: HubParts): Route[] {
  const control = () => {
    if (hunts === null) throw new HubRefusal(409, 'E_HUNT_SETTINGS', 'hunts are off', { hint: 'Set hunt.enabled: true in the configuration.' });
    return hunts.control;
  };
  /** What can only be done to a hunt that is there. */
  const live = (what: string) => {
    const it = control();
    const { status } = it.state();
    if (!LIVE.has(status)) throw new HubRefusal(409, 'E_HUNT_SETTINGS', `no hunt runs that could be ${what}: it is ${status}`, { hint: 'Start one, or resume one.' });
    return it;
  };
  return [
    route({
      method: 'POST',
      path: '/api/start-hunt',
      summary: 'Begins a new hunt. 409 while one runs.',
      body: startHuntBody,
      answers: { 202: startedSchema },
      async handle({ body: { num_generations, population_size, ...rest } }) {
        const request = { ...rest, ...(num_generations !== undefined && { generations: num_generations }), ...(population_size !== undefined && { population: population_size }) } as StartHunt;
        const { hunt_id } = await control().start(request);
        return { status: 202, json: { status: 'Hunt Started', hunt_id } };
      },
    }),
    route({
      method: 'GET',
      path: '/api/get-status',
      summary: 'How the hunt goes, with the keys of the first hubs; all of it is in /api/state.',
      answers: { 200: statusSchema },
      handle: async () => ({ status: 200, json: await hubStatus(hunts) }),
    }),
    route({
      method: 'POST',
      path: '/api/hunt/pause',
      summary: 'Begins no more jobs; those under way end.',
      body: z.strictObject({}),
      answers: { 202: doneSchema },
      handle() {
        live('paused').pause();
        return { status: 202, json: { status: control().state().status } };
      },
    }),
    route({
      method: 'POST',
      path: '/api/hunt/resume',
      summary: 'Goes on with a paused hunt, or with one that was stopped or cut short.',
      body: resumeBody,
      answers: { 202: doneSchema.extend({ hunt_id: z.string() }) },
      async handle({ body: { hunt_id, more_generations } }) {
        const resumed = await control().resume({ ...(hunt_id !== undefined && { hunt_id }), ...(more_generations !== undefined && { more_generations }) });
        return { status: 202, json: { status: control().state().status, hunt_id: resumed.hunt_id } };
      },
    }),
    route({
      method: 'POST',
      path: '/api/hunt/stop',
      summary: 'Ends what runs; `resume` begins jobs under way again.',
      body: z.strictObject({}),
      answers: { 202: doneSchema },
      handle() {
        // Jobs take a moment to end: the state tells when.
        live('stopped')
          .stop()
          .catch(() => {});
        return { status: 202, json: { status: control().state().status } };
      },
    }),
    route({
      method: 'POST',
      path: '/api/hunt/steer',
      summary: 'Changes how the next generations are bred.',
      body: steerBody,
      answers: { 202: doneSchema },
      async handle({ body }) {
        await live('steered').steer(body as Steering);
        return { status: 202, json: { status: 'steered' } };
      },
    }),
  ];
}
