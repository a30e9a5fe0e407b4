import { api } from '../api/client.ts';
import { DENSITY, METRIC, PHASE } from '../field/colour-maps.ts';
import { FieldImage } from '../field/field-image.tsx';
import { useLoaded } from '../live/load.ts';
import { Panel } from '../parts/panel.tsx';

const ANGLE = { low: -Math.PI, high: Math.PI };
const inPi = (value: number): string => {
  const text = (value / Math.PI).toFixed(2);
  return text === '1.00' ? '\u03c0' : text === '-1.00' ? '\u2212\u03c0' : `${text.replace('-', '\u2212')}\u00a0\u03c0`;
};

/** The last state of a run: density, phase, and the metric. */
export function FieldImages({ huntId, jobUuid, hasField, dim }: { readonly huntId: string; readonly jobUuid: string; readonly hasField: boolean; readonly dim: number }) {
  const layers = useLoaded(`${huntId} ${jobUuid}`, hasField, async (signal) => (hasField ? Promise.all((['density', 'phase', 'omega_sq'] as const).map((layer) => api.field(huntId, jobUuid, layer, signal))) : []));
  const [density, phase, metric] = layers.value ?? [];
  return (
    <Panel title="Last state of the field" aside={<span class="quiet">{dim === 3 ? 'the middle layer of three dimensions' : 'periodic box'}</span>}>
      {!hasField && <p class="quiet">This job left no field.</p>}
      {layers.problem !== null && <p class="problem">{layers.problem}</p>}
      {hasField && layers.value === null && layers.problem === null && <p class="quiet">Loading…</p>}
      {density !== undefined && phase !== undefined && metric !== undefined && (
        <div class="field-images">
          <FieldImage title="Density" note="|ψ|²" image={density} map={DENSITY} />
          <FieldImage title="Phase" note="arg ψ" image={phase} map={PHASE} range={ANGLE} format={inPi} />
          <FieldImage title="Metric" note="Ω², 1 is flat" image={metric} map={METRIC} />
        </div>
      )}
    </Panel>
  );
}
