/* The portable kernel: one nonce at a time, plain C, runs everywhere. */
#include "kernel.h"

typedef uint32_t V;
#define LANES 1
#define SPLAT(word) ((V)(word))
#define FIRST_NONCES(first) (first)
#define ANY_ZERO(v, masks) (((v) & (masks)) == 0)
#define MIDSTATES 64
#define SCAN rb_scan_scalar
#include "vector.h"
#include "scan.inc.h"
