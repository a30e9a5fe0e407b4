/* What the benchmark asks of the addon: see kernels/native/addon.ts. */
#include <stdlib.h>
#include "addon.h"
#include "arguments.h"
#include "measure.h"

/* measure(kernel, header, versions: Uint32Array, mask, ms): {hashes, wallNs, cpuNs, candidates, wrong}. Blocks for that long. */
napi_value rb_js_measure(napi_env env, napi_callback_info info)
{
  napi_value args[5], value;
  if (!rb_arguments(env, info, 5, args)) return NULL;
  const rb_kernel *kernel = rb_get_kernel(env, args[0]);
  const uint8_t *header;
  uint32_t *versions;
  size_t count;
  double mask, ms;
  rb_measurement result;
  if (kernel == NULL) return rb_fail(env, "no such kernel on this processor");
  if (!rb_get_bytes(env, args[1], 80, &header)) return rb_fail(env, "header must be a Uint8Array of 80 bytes");
  if (!rb_get_words(env, args[2], &versions, &count) || count < 1 || count > kernel->midstates)
    return rb_fail(env, "versions must be a Uint32Array of 1 up to as many as the kernel has midstates");
  if (!rb_get_integer(env, args[3], 0, 4294967295.0, &mask)) return rb_fail(env, "mask must be a 32-bit number");
  if (napi_get_value_double(env, args[4], &ms) != napi_ok || !(ms > 0 && ms <= 3600000)) return rb_fail(env, "ms must be above 0, at most an hour");
  if (!rb_measure(kernel, header, versions, (unsigned)count, (uint32_t)mask, (uint64_t)(ms * 1e6), &result)) return rb_fail(env, "out of memory");
  napi_create_object(env, &value);
  rb_set_number(env, value, "hashes", (double)result.hashes);
  rb_set_number(env, value, "wallNs", (double)result.wall_ns);
  rb_set_number(env, value, "cpuNs", (double)result.cpu_ns);
  rb_set_number(env, value, "candidates", (double)result.candidates);
  rb_set_number(env, value, "wrong", (double)result.wrong);
  return value;
}

/* clockHertz(): 0 = not known. */
napi_value rb_js_clock_hertz(napi_env env, napi_callback_info info)
{
  (void)info;
  napi_value value;
  napi_create_double(env, rb_clock_hertz(), &value);
  return value;
}

/* pinThread(cpu): the CPU, or -1. */
napi_value rb_js_pin_thread(napi_env env, napi_callback_info info)
{
  napi_value args[1], value;
  double cpu;
  if (!rb_arguments(env, info, 1, args)) return NULL;
  if (!rb_get_integer(env, args[0], -1, 1048575, &cpu)) return rb_fail(env, "cpu must be the number of a CPU, or -1");
  napi_create_int32(env, rb_pin_thread((int)cpu), &value);
  return value;
}

/* unpinThread() */
napi_value rb_js_unpin_thread(napi_env env, napi_callback_info info)
{
  (void)info;
  rb_unpin_thread();
  return rb_undefined(env);
}
