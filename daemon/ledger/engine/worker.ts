/** The engine in a thread of its own: whatever the disk does, the miner's event loop does not feel it. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../protocol/common/clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import { makeEngine } from './inline.ts';
import type { ThreadReply, ThreadRequest, ThreadSetup } from './protocol.ts';

const port = parentPort;
if (port !== null) {
  const { settings, backupFolder, lookBack, ...stem } = workerData as ThreadSetup;
  const brainstem = createBrainstem({ ...stem, clock: systemClock, log: silentLog });
  const reply = (message: ThreadReply): void => port.postMessage(message);
  const engine = makeEngine({ brainstem, clock: systemClock, settings, backupFolder, lookBack }, (event) => reply({ event }));
  void engine.open();
  port.on('message', (request: ThreadRequest) => {
    if ('records' in request) engine.accept(request.records);
    else void engine[request.call]().finally(() => reply({ done: request.number }));
  });
}
