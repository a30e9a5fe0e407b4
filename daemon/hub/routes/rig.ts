/** The rig: its state, the live stream, its ledger, its devices. */
import { z } from 'zod';
import { HubRefusal } from '../answers.ts';
import type { Gate } from '../gate.ts';
import type { HubParts } from '../ports.ts';
import { route, type Route } from '../route.ts';
import { componentsSchema, deviceParams, doneSchema, ledgerQuery, ledgerSchema } from '../schemas.ts';
import type { StateText } from '../state-text.ts';
import type { Streams } from '../streams.ts';
import { stateSchema } from '../state-schema.ts';

/** Devices change soon after they were told to: not older than this, milliseconds. */
const STATE_AGE_MS = 200;

/** Folders are read once for all who ask at the same time. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => (running ??= work().finally(() => (running = null)));
}

export function rigRoutes({ state: source, commands, ledger, components }: HubParts, gate: Gate, state: StateText, streams: Streams): Route[] {
  const listed = shared(async () => (await components?.()) ?? []);
  return [
    route({
      method: 'GET',
      path: '/api/state',
      summary: 'Everything that is known of the rig now. `null` is unknown and never 0.',
      answers: { 200: stateSchema },
      handle: () => ({ status: 200, text: state.read(STATE_AGE_MS).text }),
    }),
    route({
      method: 'GET',
      path: '/api/events',
      summary: 'Server-Sent Events: `state` (at most one a second, when something changed), `hunt` (HuntNews) and `rig` (RigEvent).',
      answers: { 200: { media: 'text/event-stream', what: 'Events until the connection ends.' } },
      handle({ request, reply }) {
        if (streams.isFull) throw new HubRefusal(503, 'E_HUB', 'there are as many live streams as the hub serves', { hint: 'Close a page elsewhere, or poll /api/state.', retryAfter: 30 });
        const headers = reply.getHeaders();
        reply.hijack();
        streams.add(reply.raw, headers, gate.welcome(request));
        return null;
      },
    }),
    route({
      method: 'GET',
      path: '/api/ledger',
      summary: "Entries of the rig's own ledger, newest first. A page may be short or empty before the end: go on while `next_before` is not null.",
      query: ledgerQuery,
      answers: { 200: ledgerSchema },
      handle: async ({ query }) => ({ status: 200, json: await ledger.page(query) }),
    }),
    route({
      method: 'GET',
      path: '/api/get-components',
      summary: 'Analysis components found on this machine, usable or not.',
      answers: { 200: componentsSchema },
      handle: async () => ({ status: 200, json: { components: await listed() } }),
    }),
    ...(['pause', 'resume'] as const).map((act) =>
      route({
        method: 'POST',
        path: `/api/devices/:id/${act}`,
        summary: act === 'pause' ? 'Stops a device from hashing.' : 'Lets a paused device hash again.',
        params: deviceParams,
        body: z.strictObject({}),
        answers: { 202: doneSchema },
        async handle({ params: { id } }) {
          const device = source.snapshot().devices.find((known) => known.id === id);
          if (device === undefined) throw new HubRefusal(404, 'E_HUB_REQUEST', `there is no device "${id}"`, { hint: 'Ids of devices are in /api/state.' });
          if (!device.capabilities.includes('pause')) throw new HubRefusal(409, 'E_HUB_REQUEST', `${id} cannot be paused`, { hint: 'Its driver does not know how.' });
          await commands[act](id, 'the hub');
          return { status: 202, json: { status: act === 'pause' ? 'paused' : 'resumed' } };
        },
      }),
    ),
  ];
}
