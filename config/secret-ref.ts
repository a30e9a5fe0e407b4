import { z } from 'zod';

/** Where a secret is kept: exactly one of an environment variable or a file (systemd credentials are files). */
export const secretRef = z
  .strictObject({
    env: z.string().min(1).describe('Name of the environment variable that holds the secret.').optional(),
    file: z.string().min(1).describe('File that holds the secret (its last newline is dropped).').optional(),
  })
  .refine((value) => (value.env === undefined) !== (value.file === undefined), 'give exactly one of env or file');
export type SecretRef = z.output<typeof secretRef>;
