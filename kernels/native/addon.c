/* The Node-API face of the search (Node-API 8, plain C). Arguments are checked here too: a wrong call throws, it never crashes. */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "kernel.h"
#include "sd_notify.h"
#include "search.h"
#include "sha256.h"

static const napi_type_tag SEARCH_TAG = {0x8f1c5d0a6b2e4f71, 0x9e3a7c41d5b80266};

typedef struct {
  rb_search *search;
  napi_threadsafe_function wakeup;
  /* One for the handle, one for the counters' ArrayBuffer: the memory goes when both are collected. */
  unsigned owners;
  int closed;
} engine;

static napi_value fail(napi_env env, const char *message)
{
  napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", message);
  return NULL;
}

static napi_value undefined(napi_env env)
{
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

/* Exactly `count` arguments; 0 and an exception when there are fewer. */
static int arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values)
{
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return 1;
  fail(env, "too few arguments");
  return 0;
}

static int get_bytes(napi_env env, napi_value value, size_t length, const uint8_t **bytes)
{
  napi_typedarray_type type;
  size_t size = 0;
  void *data = NULL;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return 0;
  if (napi_get_typedarray_info(env, value, &type, &size, &data, NULL, NULL) != napi_ok) return 0;
  *bytes = data;
  return type == napi_uint8_array && size == length;
}

static int get_words(napi_env env, napi_value value, uint32_t **words, size_t *length)
{
  napi_typedarray_type type;
  void *data = NULL;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return 0;
  if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok) return 0;
  *words = data;
  return type == napi_uint32_array;
}

/* A number that is an integer in [low, high]. */
static int get_integer(napi_env env, napi_value value, double low, double high, double *number)
{
  return napi_get_value_double(env, value, number) == napi_ok && *number >= low && *number <= high && *number == (double)(int64_t)*number;
}

static const rb_kernel *get_kernel(napi_env env, napi_value value)
{
  char name[32];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, name, sizeof name, &length) != napi_ok) return NULL;
  const rb_kernel *kernel = rb_kernel_named(name);
  return kernel != NULL && (kernel->features & ~rb_cpu_features()) == 0 ? kernel : NULL;
}

static engine *get_engine(napi_env env, napi_value value)
{
  bool tagged = false;
  void *data = NULL;
  if (napi_check_object_type_tag(env, value, &SEARCH_TAG, &tagged) != napi_ok || !tagged) return NULL;
  if (napi_unwrap(env, value, &data) != napi_ok) return NULL;
  return data;
}

static void set_number(napi_env env, napi_value object, const char *key, double number)
{
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, key, value);
}

static void set_string(napi_env env, napi_value object, const char *key, const char *text)
{
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, key, value);
}

/* kernels(): [{name, isa, lanes, midstates, unitNonces, rolledNonces, features}], likely fastest first. */
static napi_value js_kernels(napi_env env, napi_callback_info info)
{
  (void)info;
  size_t count;
  const rb_kernel *const *kernels = rb_kernels(&count);
  napi_value list;
  napi_create_array_with_length(env, count, &list);
  for (size_t i = 0; i < count; i++) {
    napi_value entry;
    napi_create_object(env, &entry);
    set_string(env, entry, "name", kernels[i]->name);
    set_string(env, entry, "isa", kernels[i]->isa);
    set_number(env, entry, "lanes", kernels[i]->lanes);
    set_number(env, entry, "midstates", kernels[i]->midstates);
    set_number(env, entry, "unitNonces", kernels[i]->unit_nonces);
    set_number(env, entry, "rolledNonces", kernels[i]->rolled_nonces);
    set_number(env, entry, "features", kernels[i]->features);
    napi_set_element(env, list, (uint32_t)i, entry);
  }
  return list;
}

/* cpuFeatures(): RB_FEATURE_ bits. */
static napi_value js_cpu_features(napi_env env, napi_callback_info info)
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
static napi_value js_scan(napi_env env, napi_callback_info info)
{
  napi_value args[7];
  if (!arguments(env, info, 7, args)) return NULL;
  const rb_kernel *kernel = get_kernel(env, args[0]);
  const uint8_t *header;
  uint32_t *versions, *out;
  size_t version_count, out_length;
  double first, batches, mask;
  if (kernel == NULL) return fail(env, "no such kernel on this processor");
  if (!get_bytes(env, args[1], 80, &header)) return fail(env, "header must be a Uint8Array of 80 bytes");
  if (!get_words(env, args[2], &versions, &version_count) || version_count < 1 || version_count > kernel->midstates)
    return fail(env, "versions must be a Uint32Array of 1 up to as many as the kernel has midstates");
  if (!get_integer(env, args[3], 0, 4294967295.0, &first)) return fail(env, "first must be a 32-bit number");
  if (!get_integer(env, args[4], 0, 16777216.0, &batches)) return fail(env, "batches out of range");
  if (!get_integer(env, args[5], 0, 4294967295.0, &mask)) return fail(env, "mask must be a 32-bit number");
  if (!get_words(env, args[6], &out, &out_length)) return fail(env, "out must be a Uint32Array");

  rb_tail tail;
  rb_midstate midstates[RB_MAX_MIDSTATES];
  rb_tail_of(&tail, header);
  for (size_t i = 0; i < version_count; i++) rb_midstate_of(&midstates[i], header, versions[i]);
  /* In units, as the threads do; the worst case of a unit may be more than `out` holds. */
  const uint32_t nonces = version_count > 1 ? kernel->rolled_nonces : kernel->unit_nonces;
  const uint32_t step = nonces / kernel->lanes;
  rb_candidate *candidates = malloc(sizeof *candidates * nonces * version_count);
  if (candidates == NULL) return fail(env, "out of memory");
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

static void on_notify(void *context)
{
  engine *self = context;
  napi_call_threadsafe_function(self->wakeup, NULL, napi_tsfn_nonblocking);
}

static void call_js(napi_env env, napi_value callback, void *context, void *data)
{
  (void)context;
  (void)data;
  if (env == NULL || callback == NULL) return;
  napi_call_function(env, undefined(env), callback, 0, NULL, NULL);
}

/* The environment goes away (process.exit, end of a worker): threads must not outlive it. */
static void on_teardown(void *data)
{
  engine *self = data;
  rb_search_join(self->search);
  /* The thread-safe function ends with the environment by itself. */
  self->closed = 1;
}

static void close_engine(napi_env env, engine *self)
{
  rb_search_join(self->search);
  if (self->closed) return;
  self->closed = 1;
  napi_remove_env_cleanup_hook(env, on_teardown, self);
  napi_release_threadsafe_function(self->wakeup, napi_tsfn_release);
}

static void finalize(napi_env env, void *data, void *hint)
{
  (void)data;
  engine *self = hint;
  if (--self->owners > 0) return;
  close_engine(env, self);
  rb_search_free(self->search);
  free(self);
}

/*
 * open(plain, rolled, threads, nice, limitPercent, affinity: Uint32Array, callback): a handle with `counters`, an ArrayBuffer.
 * `plain` and `rolled` are the kernels of jobs with one version and with more.
 */
static napi_value js_open(napi_env env, napi_callback_info info)
{
  napi_value args[7];
  if (!arguments(env, info, 7, args)) return NULL;
  rb_search_options options = {0};
  double threads, nice, limit;
  uint32_t *affinity;
  size_t affinity_count;
  napi_valuetype type;
  options.plain = get_kernel(env, args[0]);
  options.rolled = get_kernel(env, args[1]);
  if (options.plain == NULL || options.rolled == NULL) return fail(env, "no such kernel on this processor");
  if (!get_integer(env, args[2], 1, RB_MAX_THREADS, &threads)) return fail(env, "threads out of range");
  if (!get_integer(env, args[3], 0, 19, &nice)) return fail(env, "nice must be 0 to 19");
  if (!get_integer(env, args[4], 1, 100, &limit)) return fail(env, "limitPercent must be 1 to 100");
  if (!get_words(env, args[5], &affinity, &affinity_count) || affinity_count > RB_MAX_THREADS) return fail(env, "affinity must be a Uint32Array");
  if (napi_typeof(env, args[6], &type) != napi_ok || type != napi_function) return fail(env, "callback must be a function");
  options.threads = (unsigned)threads;
  options.nice = (int)nice;
  options.limit_percent = (unsigned)limit;
  options.affinity = (const int32_t *)affinity;
  options.affinity_count = (unsigned)affinity_count;

  engine *self = calloc(1, sizeof *self);
  if (self == NULL) return fail(env, "out of memory");
  options.notify = on_notify;
  options.context = self;
  napi_value name, handle, counters;
  napi_create_string_utf8(env, "rigbrain hasher", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, args[6], NULL, name, 0, 1, NULL, NULL, NULL, call_js, &self->wakeup) != napi_ok) {
    free(self);
    return fail(env, "no thread-safe function");
  }
  const char *error;
  self->search = rb_search_open(&options, &error);
  if (self->search == NULL) {
    napi_release_threadsafe_function(self->wakeup, napi_tsfn_abort);
    free(self);
    napi_throw_error(env, "ERR_HASHER_THREADS", error);
    return NULL;
  }
  /* Added after the thread-safe function's own hook, so it runs before it. */
  napi_add_env_cleanup_hook(env, on_teardown, self);
  self->owners = 1;
  size_t bytes;
  void *blocks = rb_search_counter_blocks(self->search, &bytes);
  napi_create_object(env, &handle);
  napi_type_tag_object(env, handle, &SEARCH_TAG);
  napi_wrap(env, handle, self, finalize, self, NULL);
  if (napi_create_external_arraybuffer(env, blocks, bytes, finalize, self, &counters) != napi_ok) {
    close_engine(env, self);
    return fail(env, "this runtime has no external memory");
  }
  self->owners = 2;
  napi_set_named_property(env, handle, "counters", counters);
  return handle;
}

/* setJob(handle, header, versionMask, target, nonceFrom, nonceTo): generation. */
static napi_value js_set_job(napi_env env, napi_callback_info info)
{
  napi_value args[6];
  if (!arguments(env, info, 6, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  const uint8_t *header, *target;
  double mask, from, to;
  if (self == NULL) return fail(env, "not a hasher");
  if (!get_bytes(env, args[1], 80, &header)) return fail(env, "header must be a Uint8Array of 80 bytes");
  if (!get_integer(env, args[2], 0, 4294967295.0, &mask)) return fail(env, "versionMask must be a 32-bit number");
  if (!get_bytes(env, args[3], 32, &target)) return fail(env, "target must be a Uint8Array of 32 bytes");
  if (!get_integer(env, args[4], 0, 4294967295.0, &from)) return fail(env, "nonceFrom must be a 32-bit number");
  if (!get_integer(env, args[5], from, 4294967295.0, &to)) return fail(env, "nonceTo must be a 32-bit number, not below nonceFrom");
  rb_job_spec spec = {.version_mask = (uint32_t)mask, .nonce_from = (uint32_t)from, .nonce_to = (uint32_t)to};
  memcpy(spec.header, header, 80);
  memcpy(spec.target, target, 32);
  napi_value value;
  napi_create_double(env, (double)rb_search_set_job(self->search, &spec), &value);
  return value;
}

/* clearJob(handle) */
static napi_value js_clear_job(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  rb_search_clear_job(self->search);
  return undefined(env);
}

/* setPaused(handle, paused) */
static napi_value js_set_paused(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  bool paused;
  if (!arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  if (napi_get_value_bool(env, args[1], &paused) != napi_ok) return fail(env, "paused must be true or false");
  rb_search_pause(self->search, paused);
  return undefined(env);
}

/* setLimit(handle, percent) */
static napi_value js_set_limit(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  double percent;
  if (!arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  if (!get_integer(env, args[1], 1, 100, &percent)) return fail(env, "limitPercent must be 1 to 100");
  rb_search_limit(self->search, (unsigned)percent);
  return undefined(env);
}

/* drain(handle, out: Uint32Array): number of hits, each (nonce, version), all of the current job. */
static napi_value js_drain(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  uint32_t *out;
  size_t length;
  rb_hit hits[64];
  if (!arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  if (!get_words(env, args[1], &out, &length)) return fail(env, "out must be a Uint32Array");
  const size_t count = rb_search_drain(self->search, hits, length / 2 < 64 ? length / 2 : 64);
  for (size_t i = 0; i < count; i++) {
    out[2 * i] = hits[i].nonce;
    out[2 * i + 1] = hits[i].version;
  }
  napi_value value;
  napi_create_double(env, (double)count, &value);
  return value;
}

/* stop(handle): tells the threads to end; the callback runs when counters say that none is alive. */
static napi_value js_stop(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  rb_search_stop(self->search);
  return undefined(env);
}

/* close(handle): joins the threads and lets the process end. After stop, when none is alive, it does not wait. */
static napi_value js_close(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return fail(env, "not a hasher");
  close_engine(env, self);
  return undefined(env);
}

/* sdNotify(state): true when the service manager's socket took it. */
static napi_value js_sd_notify(napi_env env, napi_callback_info info)
{
  napi_value args[1], value;
  char state[4096];
  size_t length = 0;
  if (!arguments(env, info, 1, args)) return NULL;
  if (napi_get_value_string_utf8(env, args[0], state, sizeof state, &length) != napi_ok || length == sizeof state - 1)
    return fail(env, "state must be a string of less than 4095 bytes");
  napi_get_boolean(env, rb_sd_notify(state, length), &value);
  return value;
}

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT()
{
  const napi_property_descriptor methods[] = {
    METHOD("kernels", js_kernels),   METHOD("cpuFeatures", js_cpu_features), METHOD("scan", js_scan),          METHOD("open", js_open),
    METHOD("setJob", js_set_job),    METHOD("clearJob", js_clear_job),       METHOD("setPaused", js_set_paused), METHOD("setLimit", js_set_limit),
    METHOD("drain", js_drain),       METHOD("stop", js_stop),                METHOD("close", js_close),        METHOD("sdNotify", js_sd_notify),
  };
  napi_define_properties(env, exports, sizeof methods / sizeof methods[0], methods);
  return exports;
}
