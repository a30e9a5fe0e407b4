/** `hub:` of the configuration: the web page and its API. */
import { z } from 'zod';
import { secretRef } from './secret-ref.ts';

export const hubSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False: no web page and no API.'),
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. 0.0.0.0 = every interface; the default is reachable from this machine only.'),
    port: z.int().min(0).max(65_535).default(8080).describe('TCP port; 0 = any free one.'),
    token: secretRef.describe('What a person logs in with, by reference. Default: made at the first start and kept in hub.token in the data folder.').optional(),
    allowed_hosts: z.array(z.string().min(1)).max(32).default([]).describe('Names the page may be asked for by (rig.local), beside localhost, addresses and the name of the host.'),
    session_hours: z.number().min(0.1).max(8760).default(720).describe('How long a browser stays logged in.'),
    tls: z
      .strictObject({
        cert: z.string().describe('PEM file of the certificate.'),
        key: z.string().describe('PEM file of its key.'),
      })
      .describe('Serve https. Default: plain http.')
      .optional(),
  })
  .prefault({})
  .describe('The control hub: a web page for this rig, and its API.');
