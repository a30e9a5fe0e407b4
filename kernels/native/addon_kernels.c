/* What JavaScript sees of the kernels: their list, and one call of one of them on its own thread. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include "addon.h"
#include "arguments.h"
#include "sha256.h"

/* kernels(): [{name, isa, lanes, midstates, unitNonces, rolledNonces, features}], likely fastest first. */
napi_value rb_js_kernels(napi_env env, napi_callback_info info)
{
  (void)info;
  size_t count;
  const rb_kernel *const *kernels = rb_kernels(&count);
  napi_value list;
  napi_create_array_with_length(env, count, &list);
  for (size_t i = 0; i < count; i++) {
    napi_value entry;
    napi_create_object(env, &entry);
    rb_set_string(env, entry, "name", kernels[i]->name);
    rb_set_string(env, entry, "isa", kernels[i]->isa);
    rb_set_number(env, entry, "lanes", kernels[i]->lanes);
    rb_set_number(env, entry, "midstates", kernels[i]->midstates);
    rb_set_number(env, entry, "unitNonces", kernels[i]->unit_nonces);
    rb_set_number(env, entry, "rolledNonces", kernels[i]->rolled_nonces);
    rb_set_number(env, entry, "features", kernels[i]->features);
    napi_set_element(env, list, (uint32_t)i, entry);
  }
  return list;
}

/* cpuFeatures(): RB_FEATURE_ bits. */
napi_value rb_js_cpu_features(napi_env env, napi_callback_info info)
{
  (void)info;
  napi_value value;
  napi_create_uint32(env, rb_cpu_features(), &value);
  return value;
}

/*
 * scan(kernel, header, versions: Uint32Array, first, batches, mask, out: Uint32Array): number of candidates. One call of a
 * kernel on this thread, for the self-test and the benchmark. `out` receives pairs (offset, index of the version).
 */
napi_value rb_js_scan(napi_env env, napi_callback_info info)
{
  napi_value args[7];
  if (!rb_arguments(env, info, 7, args)) return NULL;
  const rb_kernel *kernel = rb_get_kernel(env, args[0]);
  const uint8_t *header;
  uint32_t *versions, *out;
  size_t version_count, out_length;
  double first, batches, mask;
  if (kernel == NULL) return rb_fail(env, "no such kernel on this processor");
  if (!rb_get_bytes(env, args[1], 80, &header)) return rb_fail(env, "header must be a Uint8Array of 80 bytes");
  if (!rb_get_words(env, args[2], &versions, &version_count) || version_count < 1 || version_count > kernel->midstates)
    return rb_fail(env, "versions must be a Uint32Array of 1 up to as many as the kernel has midstates");
  if (!rb_get_integer(env, args[3], 0, 4294967295.0, &first)) return rb_fail(env, "first must be a 32-bit number");
  if (!rb_get_integer(env, args[4], 0, 16777216.0, &batches)) return rb_fail(env, "batches out of range");
  if (!rb_get_integer(env, args[5], 0, 4294967295.0, &mask)) return rb_fail(env, "mask must be a 32-bit number");
  if (!rb_get_words(env, args[6], &out, &out_length)) return rb_fail(env, "out must be a Uint32Array");

  rb_tail tail;
  rb_midstate midstates[RB_MAX_MIDSTATES];
  rb_tail_of(&tail, header);
  for (size_t i = 0; i < version_count; i++) rb_midstate_of(&midstates[i], header, versions[i]);
  /* In units, as the threads do; the worst case of a unit may be more than `out` holds. */
  const uint32_t nonces = version_count > 1 ? kernel->rolled_nonces * (uint32_t)(kernel->midstates / version_count) : kernel->unit_nonces;
  const uint32_t step = nonces / kernel->lanes;
  rb_candidate *candidates = malloc(sizeof *candidates * nonces * version_count);
  if (candidates == NULL) return rb_fail(env, "out of memory");
  size_t found = 0;
  for (uint32_t done = 0; done < (uint32_t)batches; done += step) {
    const uint32_t now = (uint32_t)batches - done < step ? (uint32_t)batches - done : step;
    const size_t n = kernel->scan(&tail, midstates, (unsigned)version_count, (uint32_t)first + done * kernel->lanes, now, (uint32_t)mask, candidates);
    for (size_t i = 0; i < n && 2 * found + 1 < out_length; i++, found++) {
      out[2 * found] = done * kernel->lanes + candidates[i].offset;
      out[2 * found + 1] = candidates[i].midstate;
    }
  }
  free(candidates);
  napi_value value;
  napi_create_double(env, (double)found, &value);
  return value;
}

/* threadCpuNs(): processor time this thread has used, nanoseconds. What other programs take of the time does not count. */
napi_value rb_js_thread_cpu_ns(napi_env env, napi_callback_info info)
{
  (void)info;
  struct timespec used;
  napi_value value;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  napi_create_double(env, (double)used.tv_sec * 1e9 + (double)used.tv_nsec, &value);
  return value;
}
