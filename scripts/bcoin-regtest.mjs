// Starts a Bitcoin node on a fresh regtest chain in memory and prints what to put into config/rig.yaml to mine on it.
// Runs until Ctrl-C. Needs a built clone with its development packages (npm install).
import { existsSync } from 'node:fs';
import path from 'node:path';

const harness = path.resolve(import.meta.dirname, '..', 'dist', 'test', 'bcoin-node.js');
if (!existsSync(harness)) {
  console.error('Not built yet: run `npm run build` first.');
  process.exit(1);
}
const { bcoinInstalled, startBcoin } = await import(harness);
if (!bcoinInstalled()) process.exit(69);

const node = await startBcoin();
console.log(`A regtest node with ${node.height} blocks listens at ${node.url}. In config/rig.yaml:

pools:
  - id: regtest
    url: ${node.url}
    user: ${node.user}
    password: { env: NODE_PASSWORD }
    payout_address: ${node.address}

Then, in another terminal:

export NODE_PASSWORD=${node.password}
rigbrain run --test

New blocks are told here. Ctrl-C stops the node and forgets the chain.`);

let height = node.height;
const timer = setInterval(async () => {
  const now = await node.rpc('getblockcount').catch(() => height);
  if (now !== height) console.log(`height ${now}, tip ${await node.rpc('getbestblockhash').catch(() => '?')}`);
  height = now;
}, 1000);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    clearInterval(timer);
    await node.close();
  });
}
