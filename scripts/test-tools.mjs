// Makes sure the real peers the end-to-end tests talk to, and the compilers for other processors, are there: installs them through
// apt when root or sudo allows, and says exactly what is missing otherwise. The tests that need a missing tool then say so and are
// skipped.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const TOOLS = [
  { command: 'mosquitto', package: 'mosquitto', why: 'a real MQTT 5 broker' },
  { command: 'mosquitto_sub', package: 'mosquitto-clients', why: 'a real MQTT client' },
  { command: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross', why: 'builds the arm64 kernels' },
  { command: 'arm-linux-gnueabihf-gcc', package: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross', why: 'builds the 32-bit arm kernels' },
  { command: 'qemu-aarch64', package: 'qemu-user', why: 'runs the arm kernels' },
  { command: 'socat', package: 'socat', why: 'pseudo terminals for simulated chips' },
  { command: 'chromium', package: 'chromium', why: 'a real browser for the control hub' },
  { command: 'redis-server', package: 'redis-server', why: 'a real queue for hunts on many hosts' },
  { command: 'objdump', package: 'binutils', why: 'looks into the x64 kernels' },
];

function onPath(command) {
  const dirs = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return dirs.some((dir) => {
    try {
      accessSync(path.join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = () => TOOLS.filter((tool) => !onPath(tool.command));
const run = (argv) => spawnSync(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 600_000 }).status === 0;

if (missing().length > 0 && onPath('apt-get')) {
  const root = process.getuid?.() === 0;
  const sudo = root ? [] : ['sudo', '-n'];
  if (root || run(['sudo', '-n', 'true'])) {
    const packages = [...new Set(missing().flatMap((tool) => tool.package.split(' ')))];
    console.log(`test tools: installing ${packages.join(' ')}`);
    const install = [...sudo, 'apt-get', 'install', '-y', '--no-install-recommends', ...packages];
    if (!run(install)) {
      run([...sudo, 'apt-get', 'update']);
      run(install);
    }
    // Debian starts the broker as a service on 1883; the tests start their own on free ports.
  }
}
for (const tool of missing()) console.log(`test tools: ${tool.command} is missing (${tool.why}): its tests are skipped. Install it with: sudo apt-get install ${tool.package}`);
