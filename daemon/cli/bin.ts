#!/usr/bin/env node
import { processIo } from './io.ts';
import { runCli } from './program.ts';

/** How long open handles may keep the process alive after the command has ended, milliseconds. */
const LINGER_MS = 2000;

// A reader that went away (`rigbrain config show | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), processIo());
setTimeout(() => process.exit(), LINGER_MS).unref();
