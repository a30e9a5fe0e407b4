/** A small file in the folder of hunts that says which of them is being run: what is in it after a kill was cut short. */
import path from 'node:path';
import { z } from 'zod';
import type { Disk } from '../ledger/disk/disk.ts';
import { isMissing } from '../ledger/disk/disk.ts';
import { readWhole, unlinkIfThere, writeWhole } from '../ledger/disk/files.ts';

export const MARKER_NAME = 'running.json';

const markerSchema = z.object({
  hunt_id: z.string(),
  /** Of the hunt, a name in the folder of hunts. */
  folder: z.string().regex(/^[^/\\\0]+$/),
  status: z.enum(['running', 'paused']),
  /** A daemon goes on by itself with what it ran; a hunt of the command line waits for whoever began it. */
  owner: z.enum(['daemon', 'command']),
});
export type HuntMarker = Readonly<z.infer<typeof markerSchema>>;

/** Null when there is none, or nothing that can be read. @throws the disk's error */
export async function readMarker(disk: Disk, huntsFolder: string): Promise<HuntMarker | null> {
  try {
    return markerSchema.parse(JSON.parse((await readWhole(disk, path.join(huntsFolder, MARKER_NAME))).toString('utf8')));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/** @throws the disk's error */
export async function writeMarker(disk: Disk, huntsFolder: string, marker: HuntMarker): Promise<void> {
  await writeWhole(disk, path.join(huntsFolder, MARKER_NAME), Buffer.from(`${JSON.stringify(marker, null, 2)}\n`));
}

/** @throws the disk's error */
export async function removeMarker(disk: Disk, huntsFolder: string): Promise<void> {
  await unlinkIfThere(disk, path.join(huntsFolder, MARKER_NAME));
}
