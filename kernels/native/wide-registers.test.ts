import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../paths.ts';
import { wideRegisterUses } from './wide-registers.fixture.ts';

const folder = path.join(packageRoot(), 'build', 'native');

describe('objects with SHA instructions of x86', () => {
  it('are told from objects that would stall: the check itself', () => {
    const good = [
      '0000000000000000 <rb_scan_shani>:',
      '   0:\tvzeroupper',
      '   3:\tsha256rnds2 %xmm0,%xmm1,%xmm15',
      '   8:\tmovdqa 0x10(%rsp),%xmm9',
      '  10:\tvpaddd %zmm16,%zmm31,%zmm17',
      '  16:\tvpaddd (%rax){1to16},%ymm16,%ymm20',
      '  1c:\tvpxor  %xmm1,%xmm2,%xmm3',
    ];
    const bad = ['  20:\tvpaddd %ymm0,%ymm1,%ymm2', '  24:\tvmovdqu32 %zmm15,0x40(%rsp)', '  2a:\tvpaddd %zmm16,%zmm17,%zmm9', '  30:\tvmovdqa (%rdi),%ymm10'];
    expect(wideRegisterUses(good.join('\n'))).toEqual([]);
    expect(wideRegisterUses([...good, ...bad].join('\n'))).toEqual(bad.map((line) => line.trim()));
  });

  it('write no ymm0-15 and no zmm0-15', ({ skip }) => {
    const objects = existsSync(folder) ? readdirSync(folder).filter((name) => /shani|hybrid/.test(name) && name.endsWith('.o')) : [];
    if (objects.length === 0) skip('not checked: no x64 build here (npm run build:native)');
    if (spawnSync('objdump', ['--version']).status !== 0) skip('not checked: objdump is missing (sudo apt-get install binutils)');
    for (const name of objects) {
      const { status, stdout } = spawnSync('objdump', ['-d', '--no-show-raw-insn', path.join(folder, name)], { encoding: 'utf8', maxBuffer: 1 << 28 });
      expect(status).toBe(0);
      if (name === 'kernel_shani.o') expect(stdout).toContain('sha256rnds2');
      expect(wideRegisterUses(stdout), name).toEqual([]);
    }
  });
});
