'use strict';
/**
 * Makes bcoin run without its compiled add-ons. Its packages name a plain JavaScript twin for every compiled file in
 * the `browser` member of their package.json; here the same map is used under Node. Load before anything of bcoin.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const PACKAGES = new Set(['bcrypto', 'bdb', 'bsip', 'bstring', 'mrmr']);
const maps = new Map();

/** Absolute path of the original to that of its twin, for one package folder. */
function twins(folder) {
  if (!maps.has(folder)) {
    const { browser } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    maps.set(folder, new Map(Object.entries(browser).map(([from, to]) => [path.join(folder, `${from}.js`), path.join(folder, to)])));
  }
  return maps.get(folder);
}

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolve(...args) {
  const file = resolveFilename.apply(this, args);
  const match = /^(.*[\\/]node_modules[\\/]([^\\/]+))[\\/]lib[\\/]/.exec(file);
  return match && PACKAGES.has(match[2]) ? (twins(match[1]).get(file) ?? file) : file;
};
