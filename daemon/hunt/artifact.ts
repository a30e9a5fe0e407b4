import os from 'node:os';
import { RigError } from '../../protocol/common/errors.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { readWhole, writeWhole } from '../ledger/disk/files.ts';
import { sha256Hex } from './canonical-json.ts';
import type { FinalState } from './validator/geometry-norms.ts';

export const FIELD_MAGIC = 'RIGBRAIN-FIELD 1';
const ARRAYS = ['psi_re', 'psi_im', 'omega_sq', 'density_ratio'] as const;

export interface FieldArtifact {
  readonly job_uuid: string;
  readonly n: number;
  readonly dim: 2 | 3;
  readonly state: FinalState;
}

/** In the folder of a hunt. */
export const FIELD_FOLDER = 'fields';

export const fieldName = (jobUuid: string): string => `field_${jobUuid}.bin`;

/**
 * A run's last state: a line with the format's name, a line of JSON (`job_uuid`, `n`, `dim`, `arrays`), then the arrays one after the other,
 * n^dim float64 each, little endian, the last index fastest. @returns SHA-256 of the file
 */
export async function writeField(disk: Disk, file: string, { job_uuid, n, dim, state }: FieldArtifact): Promise<string> {
  const head = Buffer.from(`${FIELD_MAGIC}\n${JSON.stringify({ job_uuid, n, dim, arrays: ARRAYS })}\n`);
  const arrays = [state.psi.re, state.psi.im, state.omegaSquared, state.densityRatio];
  const points = n ** dim;
  const bytes = Buffer.alloc(head.length + 8 * points * arrays.length);
  head.copy(bytes);
  arrays.forEach((values, which) => {
    for (let i = 0; i < points; i++) bytes.writeDoubleLE(values[i]!, head.length + 8 * (which * points + i));
  });
  await writeWhole(disk, file, bytes);
  return sha256Hex(bytes);
}

/** @param sha256 what the file has to have; left out: not looked at @throws RigError E_HUNT_STEP for another file; the disk's error */
export async function readField(disk: Disk, file: string, sha256?: string): Promise<FieldArtifact> {
  const bytes = await readWhole(disk, file);
  const wrong = (why: string): RigError => new RigError('E_HUNT_STEP', `${file}: ${why}`, { context: { file } });
  if (sha256 !== undefined && sha256Hex(bytes) !== sha256) throw wrong('the file is not the one that was written (its SHA-256 differs)');
  const first = bytes.indexOf(0x0a);
  const second = bytes.indexOf(0x0a, first + 1);
  if (first < 0 || second < 0 || bytes.subarray(0, first).toString('latin1') !== FIELD_MAGIC) throw wrong('this is no field of this version');
  const { job_uuid, n, dim } = headOf(bytes.subarray(first + 1, second).toString('utf8')) ?? {};
  if (typeof job_uuid !== 'string' || !Number.isInteger(n) || n! < 3 || (dim !== 2 && dim !== 3)) throw wrong('its head is not one of a field');
  const points = n! ** dim;
  if (bytes.length !== second + 1 + 8 * points * ARRAYS.length) throw wrong('the file is too short or too long');
  const array = (which: number): Float64Array => numbersIn(bytes, second + 1 + 8 * which * points, points);
  return { job_uuid, n: n!, dim, state: { psi: { re: array(0), im: array(1) }, omegaSquared: array(2), densityRatio: array(3) } };
}

/** Copied as a whole: one by one, the million numbers of a space would hold up whoever mines on this thread. */
function numbersIn(bytes: Buffer, at: number, count: number): Float64Array {
  const copy = new Uint8Array(8 * count);
  copy.set(bytes.subarray(at, at + 8 * count));
  if (os.endianness() === 'BE') Buffer.from(copy.buffer).swap64();
  return new Float64Array(copy.buffer);
}

function headOf(text: string): Partial<Omit<FieldArtifact, 'state'>> | null {
  try {
    return JSON.parse(text) as Partial<FieldArtifact>;
  } catch {
    return null;
  }
}
