/** Chips that nobody drives any more, brought down without driving them. */
import { BM13XX_CHIPS, chipById, type Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { planBaudChange, RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { ChipLine } from '../bm13xx/chip-line.ts';
import { quietFrames } from '../bm13xx/quiet.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import { makeSafeThrough } from '../safety/safe-port.ts';
import type { SerialOptions } from './options.ts';
import { resetLineOf } from './reset-line.ts';
import { chipOf, mostMhz } from './settings.ts';

/** Silence after which nobody is taken to listen at a speed. */
const ASK_MS = 150;
const STEP_MS = 15;

/** Holds the chips in reset, or brings them to their slowest clock. Never rejects. */
export async function makeSerialSafe(context: DriverContext<SerialOptions>): Promise<SafeReport> {
  const located = await context.ports?.locate();
  const path = located?.found === true ? located.ports.asic : undefined;
  if (path === undefined) return { safe: true, words: located?.found === false ? located.reason : 'it has no port' };
  const transport = context.ports!.transport(path, RESET_BAUD);
  return makeSafeThrough(context.clock, transport, async (signal) => {
    const reset = resetLineOf(context.options);
    if (reset !== null) {
      await reset.pulse(transport, context.clock, signal);
      await reset.hold(transport);
      return { safe: true, words: `chips were reset, on ${path}` };
    }
    const line = new ChipLine(transport, context.clock);
    const gone = new AbortController();
    line.listener.attach(() => {}, (reason) => gone.abort(new Error(reason)));
    return slowDown(line, context.options, AbortSignal.any([signal, gone.signal]));
  });
}

/** Asks at every speed a daemon may have left the line at. */
async function slowDown(line: ChipLine, options: SerialOptions, signal: AbortSignal): Promise<SafeReport> {
  const known = chipOf(options);
  const fast = options.baud === 'auto' ? (known === null ? Object.values(BM13XX_CHIPS) : [known]).flatMap(({ uart }) => uart.fastBaud ?? []) : [options.baud];
  line.listener.expect('either');
  for (const baud of new Set([...fast, RESET_BAUD])) {
    await line.listenAt(baud, signal);
    const { ids } = await line.ask(ASK_MS, null, signal);
    const chip = ids.map(chipById).find((one): one is Bm13xxChip => one !== null);
    if (chip === undefined) continue;
    for (const frame of quietFrames(chip, mostMhz(chip))) await line.tell(frame, STEP_MS, signal);
    // So that the next program finds them where chips are expected; one that knows a single fast speed stays until it is reset.
    if (baud !== RESET_BAUD && chip.uart.dividerMask !== 0) await line.carryOut(planBaudChange(chip, RESET_BAUD), signal);
    await line.transport.drain();
    return { safe: true, words: `${ids.length} ${chip.name} at their slowest clock, on ${line.transport.name}; they have no power switch` };
  }
  return { safe: false, words: `no chip answers on ${line.transport.name}` };
}
