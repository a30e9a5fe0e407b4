/** The two ports of a board, open, and the chain of chips on the second while there is one. */
import { RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Chain, ChainParts, ChainSettings } from '../bm13xx/contract.ts';
import type { Transport } from '../transport/contract.ts';
import type { ControlClient } from './control-client.ts';
import { CONTROL_BAUD, openControl, type DrivenFirmware } from './control-side.ts';
import { LineView } from './line-view.ts';

export interface LinkParts {
  readonly firmware: DrivenFirmware;
  readonly bcdDevice: number | null;
  readonly replyFormat: 'auto' | 'v0' | 'v1';
  readonly zeroBits: number;
  readonly paths: { readonly control: string; readonly asic: string };
  readonly transport: (path: string, baud: number) => Transport;
  readonly createChain: (parts: ChainParts) => Chain;
  readonly clock: Clock;
  readonly log: Log;
  /** One of the ports has gone; told once. */
  readonly gone: (link: BoardLink, reason: string) => void;
}

export class BoardLink {
  readonly client: ControlClient;
  readonly #parts: LinkParts;
  readonly #control: Transport;
  #data: Transport | null = null;
  #view: LineView | null = null;
  #chain: Chain | null = null;
  #gone = false;

  private constructor(parts: LinkParts, control: Transport, client: ControlClient) {
    this.#parts = parts;
    this.#control = control;
    this.client = client;
    control.events.on('gone', (reason) => this.noteGone(reason));
  }

  /** Opens the control port; the other one is for `openData`, once this one is known. @throws as `openControl` */
  static async open(parts: LinkParts, signal: AbortSignal): Promise<BoardLink> {
    const { firmware, bcdDevice, replyFormat, paths, transport, clock } = parts;
    const control = transport(paths.control, CONTROL_BAUD);
    const link = new BoardLink(parts, control, await openControl({ transport: control, firmware, bcdDevice, replyFormat, clock }, signal));
    if (signal.aborted) await link.close();
    signal.throwIfAborted();
    return link;
  }

  /** @throws RigError E_DEVICE_PORT; the signal's reason */
  async openData(signal: AbortSignal): Promise<void> {
    const data = this.#parts.transport(this.#parts.paths.asic, RESET_BAUD);
    await data.open();
    if (signal.aborted) await data.close();
    signal.throwIfAborted();
    this.#data = data;
    data.events.on('gone', (reason) => this.noteGone(reason));
  }

  /** Both ports are open. */
  get isWhole(): boolean {
    return this.#control.isOpen && this.#data?.isOpen === true;
  }

  get controlIsOpen(): boolean {
    return this.#control.isOpen;
  }

  get chain(): Chain | null {
    return this.#chain;
  }

  /** A new chain, which knows nothing of what the one before knew. */
  newChain(settings: Pick<ChainSettings, 'chip' | 'chipsExpected' | 'hostBaud'>): Chain {
    this.dropChain();
    const { createChain, clock, log, zeroBits } = this.#parts;
    this.#view = new LineView(this.#data!);
    this.#chain = createChain({ transport: this.#view, settings: { ...settings, zeroBits, topology: null, sequence: null }, clock, log });
    return this.#chain;
  }

  /** Lets the chain go: it is told nothing and sends nothing any more. */
  dropChain(): void {
    this.#chain?.clear();
    this.#chain?.events.removeAllListeners();
    void this.#view?.close();
    this.#chain = null;
    this.#view = null;
  }

  noteGone(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#parts.gone(this, reason);
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#gone = true;
    this.dropChain();
    this.client.close();
    await Promise.all([this.#control.close(), this.#data?.close()]);
  }
}
