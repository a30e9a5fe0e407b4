/* Eight doubles in 512-bit registers, with fused multiply-add. */
#define LANES 8
#define STEPS rb_spectral_steps_avx512
#include "steps.inc.h"
