'use strict';
/**
 * A bcoin full node on a fresh regtest chain in memory, as a child process. Settings come as JSON in the first argument:
 * `{ password, httpPort, blocks }`. Mines `blocks` blocks (432 activate segwit, the reward of a block is spendable 100
 * blocks later) to a script anybody can spend, then sends `{ port, address }` to its parent (that script as bcoin writes its address); ends when the parent goes away.
 */
require('./pure-js.cjs');
const FullNode = require('bcoin/lib/node/fullnode');
const Address = require('bcoin/lib/primitives/address');
const { createHash } = require('node:crypto');

const OP_TRUE = Buffer.from([0x51]);

async function main() {
  const { password, httpPort, blocks } = JSON.parse(process.argv[2]);
  const node = new FullNode({
    network: 'regtest',
    memory: true,
    config: false,
    logLevel: 'error',
    logConsole: true,
    logFile: false,
    workers: false,
    // No peers: nobody to connect to, nobody may connect.
    listen: false,
    noDns: true,
    only: ['127.0.0.1:1'],
    httpHost: '127.0.0.1',
    httpPort,
    apiKey: password,
  });
  node.on('error', (error) => console.error(error.message));
  await node.open();
  const payout = Address.fromWitnessScripthash(createHash('sha256').update(OP_TRUE).digest());
  for (let block = 0; block < blocks; block++) await node.chain.add(await node.miner.mineBlock(node.chain.tip, payout));
  process.once('disconnect', () => process.exit(0));
  process.send({ port: node.http.http.address().port, address: payout.toString('regtest') });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
