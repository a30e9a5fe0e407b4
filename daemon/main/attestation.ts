import os from 'node:os';
import type { Attestation } from '../dtm/math-proof.ts';

/** What a slow or hung helper program of the system may cost the start of the daemon. */
const DEADLINE_MS = 2000;

/**
 * What machine this is, for the proofs: read once at start. Facts that the machine does not tell in time are null.
 * No address or serial number is among them: proofs are meant to be shown around.
 */
export async function readAttestation(): Promise<Attestation> {
  const known: Attestation = {
    hostname: os.hostname(),
    cpu_model: os.cpus()[0]?.model ?? null,
    cpu_cores: os.availableParallelism(),
    ram_total_gb: Math.round((os.totalmem() / 2 ** 30) * 10) / 10,
    machine: null,
    process_id: process.pid,
  };
  try {
    const { default: si } = await import('systeminformation');
    const deadline = new Promise<null>((resolve) => setTimeout(() => resolve(null), DEADLINE_MS).unref());
    const read = Promise.all([si.system(), si.cpu()]);
    const found = await Promise.race([read, deadline]);
    if (found === null) return known;
    const [system, cpu] = found;
    const machine = [system.manufacturer, system.model].filter(Boolean).join(' ');
    const model = [cpu.manufacturer, cpu.brand].filter(Boolean).join(' ');
    return { ...known, machine: machine || null, cpu_model: model || known.cpu_model };
  } catch {
    return known;
  }
}
