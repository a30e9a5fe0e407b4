/* Four doubles in 256-bit registers, with fused multiply-add. */
#define LANES 4
#define STEPS rb_spectral_steps_avx2
#include "steps.inc.h"
