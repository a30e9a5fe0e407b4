/**
 * Instructions of a disassembly that name a register which the SHA instructions of x86 must not be mixed with.
 *
 * Those instructions have no VEX form and write the low 128 bits of xmm0-15. When something has written the wider forms of the
 * same registers, ymm0-15 or zmm0-15, each change between the two costs Intel processors about 450 cycles: a kernel then runs at
 * one percent of its speed and still finds everything. zmm16-31 have no narrow old form, so they are safe.
 *
 * @param disassembly of `objdump -d --no-show-raw-insn`, in AT&T form
 * @returns the lines, trimmed
 */
export function wideRegisterUses(disassembly: string): string[] {
  return disassembly
    .split('\n')
    .filter((line) => /%[yz]mm(?:[0-9]|1[0-5])(?![0-9])/.test(line))
    .map((line) => line.trim());
}
