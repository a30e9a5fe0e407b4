/** What the hardware went through, kept by the hardware itself: from outside, a test can see whether its driver was careful. */

export interface BoardHistory {
  /** Greatest raise of a clock in one step, MHz, and how many were above the 6.25 MHz (and rounding) that are safe. */
  largest_raise_mhz: number;
  raises_too_large: number;
  /** Clocks that were raised above what the core voltage at that moment allows. */
  raises_above_voltage: number;
  /** Time with chips making mistakes, because their voltage is low for their clock or they are too hot. */
  starved_ms: number;
  /** Times the chips stopped for good (until a reset), for far too little voltage or far too much heat. */
  hangs: number;
  /** Times the core voltage was switched on while the fan was told to stand still, and the time it stayed so. */
  power_on_without_fan: number;
  power_without_fan_ms: number;
  /** Reset let go while there was no core voltage. */
  released_without_voltage: number;
  /** Longest time with core voltage on in which nobody asked the control port anything. */
  unattended_ms: number;
  /** Orders to the regulator to store its settings, which can brick it. */
  store_commands: number;
  highest_core_v: number;
  highest_mhz: number;
  hottest_c: number;
  /** Time with core voltage on at 80 degrees and more. */
  power_above_80c_ms: number;
  /** Time with core voltage on. */
  power_ms: number;
  /** Times the core voltage came on, chips were let out of reset, and requests of the control port that made no sense. */
  power_ons: number;
  resets: number;
  bad_requests: number;
}

export function newHistory(): BoardHistory {
  return {
    largest_raise_mhz: 0, raises_too_large: 0, raises_above_voltage: 0, starved_ms: 0, hangs: 0, power_on_without_fan: 0, power_without_fan_ms: 0, released_without_voltage: 0, unattended_ms: 0,
    store_commands: 0, highest_core_v: 0, highest_mhz: 0, hottest_c: 0, power_above_80c_ms: 0, power_ms: 0, power_ons: 0, resets: 0, bad_requests: 0,
  };
}
