import type { Gate } from '../gate.ts';
import { route, type Route } from '../route.ts';
import { loginBody, sessionSchema } from '../schemas.ts';

export function sessionRoutes(gate: Gate, version: string): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/session',
      summary: 'Whether this browser is logged in.',
      isOpen: true,
      answers: { 200: sessionSchema },
      handle: ({ request }) => ({ status: 200, json: { authenticated: gate.isLoggedIn(request), version } }),
    }),
    route({
      method: 'POST',
      path: '/api/login',
      summary: 'Logs a browser in: the answer sets a cookie.',
      isOpen: true,
      body: loginBody,
      answers: { 204: 'nothing' },
      handle({ body, request, reply }) {
        gate.logIn(body.token, request, reply);
        return { status: 204 };
      },
    }),
    route({
      method: 'POST',
      path: '/api/logout',
      summary: 'Ends the login of this browser.',
      answers: { 204: 'nothing' },
      handle({ request, reply }) {
        gate.logOut(request, reply);
        return { status: 204 };
      },
    }),
  ];
}
