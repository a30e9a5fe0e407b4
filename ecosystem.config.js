// PM2: `pm2 start ecosystem.config.js`, or `pm2 start ecosystem.config.js --env demo` for the demo. See docs/deploy.md.
// Use PM2 or systemd, not both. A named export, because PM2 reads this file with require() and takes its `apps`.
export const apps = [
  {
    name: 'rigbrain',
    cwd: import.meta.dirname,
    script: 'dist/daemon/cli/bin.js',
    args: 'run',
    node_args: '--enable-source-maps',
    // One process owns the serial ports: never cluster mode, never two instances.
    exec_mode: 'fork',
    instances: 1,
    // Online when the daemon says so, after its devices are open and safe.
    wait_ready: true,
    listen_timeout: 60_000,
    // A stop takes up to 5 s: the ledger is flushed and shares on their way are waited for. PM2's 1.6 s would cut that off.
    kill_timeout: 15_000,
    // 0 = told to stop or all rounds done, 78 = the configuration is wrong: starting again cannot help.
    stop_exit_codes: [0, 78],
    // Anything else is tried again for ever, with pauses growing to 15 s: hardware and networks come back.
    exp_backoff_restart_delay: 200,
    max_restarts: 1_000_000,
    min_uptime: '30s',
    max_memory_restart: '400M',
    merge_logs: true,
    // The log lines carry their own time.
    time: false,
    env: { NODE_ENV: 'production' },
    env_demo: { RIGBRAIN_MINING__MODE: 'demo' },
  },
];
