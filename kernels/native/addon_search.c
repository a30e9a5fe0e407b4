/* What JavaScript sees of the search: a handle that owns threads, and the calls on it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "arguments.h"
#include "search.h"

static const napi_type_tag SEARCH_TAG = {0x8f1c5d0a6b2e4f71, 0x9e3a7c41d5b80266};

typedef struct {
  rb_search *search;
  napi_threadsafe_function wakeup;
  /* One for the handle, one for the counters' ArrayBuffer: the memory goes when both are collected. */
  unsigned owners;
  int closed;
} engine;

static engine *get_engine(napi_env env, napi_value value)
{
  bool tagged = false;
  void *data = NULL;
  if (napi_check_object_type_tag(env, value, &SEARCH_TAG, &tagged) != napi_ok || !tagged) return NULL;
  if (napi_unwrap(env, value, &data) != napi_ok) return NULL;
  return data;
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
  napi_call_function(env, rb_undefined(env), callback, 0, NULL, NULL);
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
napi_value rb_js_open(napi_env env, napi_callback_info info)
{
  napi_value args[7];
  if (!rb_arguments(env, info, 7, args)) return NULL;
  rb_search_options options = {0};
  double threads, nice, limit;
  uint32_t *affinity;
  size_t affinity_count;
  napi_valuetype type;
  options.plain = rb_get_kernel(env, args[0]);
  options.rolled = rb_get_kernel(env, args[1]);
  if (options.plain == NULL || options.rolled == NULL) return rb_fail(env, "no such kernel on this processor");
  if (!rb_get_integer(env, args[2], 1, RB_MAX_THREADS, &threads)) return rb_fail(env, "threads out of range");
  if (!rb_get_integer(env, args[3], 0, 19, &nice)) return rb_fail(env, "nice must be 0 to 19");
  if (!rb_get_integer(env, args[4], 1, 100, &limit)) return rb_fail(env, "limitPercent must be 1 to 100");
  if (!rb_get_words(env, args[5], &affinity, &affinity_count) || affinity_count > RB_MAX_THREADS) return rb_fail(env, "affinity must be a Uint32Array");
  if (napi_typeof(env, args[6], &type) != napi_ok || type != napi_function) return rb_fail(env, "callback must be a function");
  options.threads = (unsigned)threads;
  options.nice = (int)nice;
  options.limit_percent = (unsigned)limit;
  options.affinity = (const int32_t *)affinity;
  options.affinity_count = (unsigned)affinity_count;

  engine *self = calloc(1, sizeof *self);
  if (self == NULL) return rb_fail(env, "out of memory");
  options.notify = on_notify;
  options.context = self;
  napi_value name, handle, counters;
  napi_create_string_utf8(env, "rigbrain hasher", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, args[6], NULL, name, 0, 1, NULL, NULL, NULL, call_js, &self->wakeup) != napi_ok) {
    free(self);
    return rb_fail(env, "no thread-safe function");
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
    return rb_fail(env, "this runtime has no external memory");
  }
  self->owners = 2;
  napi_set_named_property(env, handle, "counters", counters);
  return handle;
}

/* setJob(handle, header, versionMask, target, nonceFrom, nonceTo): generation. */
napi_value rb_js_set_job(napi_env env, napi_callback_info info)
{
  napi_value args[6];
  if (!rb_arguments(env, info, 6, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  const uint8_t *header, *target;
  double mask, from, to;
  if (self == NULL) return rb_fail(env, "not a hasher");
  if (!rb_get_bytes(env, args[1], 80, &header)) return rb_fail(env, "header must be a Uint8Array of 80 bytes");
  if (!rb_get_integer(env, args[2], 0, 4294967295.0, &mask)) return rb_fail(env, "versionMask must be a 32-bit number");
  if (!rb_get_bytes(env, args[3], 32, &target)) return rb_fail(env, "target must be a Uint8Array of 32 bytes");
  if (!rb_get_integer(env, args[4], 0, 4294967295.0, &from)) return rb_fail(env, "nonceFrom must be a 32-bit number");
  if (!rb_get_integer(env, args[5], from, 4294967295.0, &to)) return rb_fail(env, "nonceTo must be a 32-bit number, not below nonceFrom");
  rb_job_spec spec = {.version_mask = (uint32_t)mask, .nonce_from = (uint32_t)from, .nonce_to = (uint32_t)to};
  memcpy(spec.header, header, 80);
  memcpy(spec.target, target, 32);
  napi_value value;
  napi_create_double(env, (double)rb_search_set_job(self->search, &spec), &value);
  return value;
}

/* clearJob(handle) */
napi_value rb_js_clear_job(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!rb_arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  rb_search_clear_job(self->search);
  return rb_undefined(env);
}

/* setPaused(handle, paused) */
napi_value rb_js_set_paused(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  bool paused;
  if (!rb_arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  if (napi_get_value_bool(env, args[1], &paused) != napi_ok) return rb_fail(env, "paused must be true or false");
  rb_search_pause(self->search, paused);
  return rb_undefined(env);
}

/* setLimit(handle, percent) */
napi_value rb_js_set_limit(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  double percent;
  if (!rb_arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  if (!rb_get_integer(env, args[1], 1, 100, &percent)) return rb_fail(env, "limitPercent must be 1 to 100");
  rb_search_limit(self->search, (unsigned)percent);
  return rb_undefined(env);
}

/* drain(handle, out: Uint32Array): number of hits, each (nonce, version), all of the current job. */
napi_value rb_js_drain(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  uint32_t *out;
  size_t length;
  rb_hit hits[64];
  if (!rb_arguments(env, info, 2, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  if (!rb_get_words(env, args[1], &out, &length)) return rb_fail(env, "out must be a Uint32Array");
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
napi_value rb_js_stop(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!rb_arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  rb_search_stop(self->search);
  return rb_undefined(env);
}

/* close(handle): joins the threads and lets the process end. After stop, when none is alive, it does not wait. */
napi_value rb_js_close(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!rb_arguments(env, info, 1, args)) return NULL;
  engine *self = get_engine(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a hasher");
  close_engine(env, self);
  return rb_undefined(env);
}
