/* What every processor of the family has: pairs of doubles. */
#define LANES 2
#define STEPS rb_spectral_steps_baseline
#include "steps.inc.h"
