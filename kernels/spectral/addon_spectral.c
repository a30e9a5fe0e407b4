/* What JavaScript sees of the spectral solver; kernels/spectral/addon.ts is the other side and describes the calls. */
#include <stdlib.h>
#include <string.h>
#include "../native/addon.h"
#include "../native/arguments.h"
#include "addon_spectral.h"
#include "spectral.h"

static const napi_type_tag SPECTRAL_TAG = {0x3c9ad1f05be74628, 0xb6120fe98d53c7a4};

typedef struct {
  const rb_spectral_kernel *kernel;
  /* NULL once closed. */
  rb_spectral *state;
} solver;

static solver *get_solver(napi_env env, napi_value value)
{
  bool tagged = false;
  void *data = NULL;
  napi_valuetype type;
  /* Asked of null, the next call would leave an exception of its own behind. */
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object) return NULL;
  if (napi_check_object_type_tag(env, value, &SPECTRAL_TAG, &tagged) != napi_ok || !tagged) return NULL;
  if (napi_unwrap(env, value, &data) != napi_ok) return NULL;
  return data;
}

/* A Float64Array of `length` numbers. */
static int get_numbers(napi_env env, napi_value value, size_t length, double **numbers)
{
  napi_typedarray_type type;
  size_t size = 0;
  void *data = NULL;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return 0;
  if (napi_get_typedarray_info(env, value, &type, &size, &data, NULL, NULL) != napi_ok) return 0;
  *numbers = data;
  return type == napi_float64_array && size == length;
}

static void finalize(napi_env env, void *data, void *hint)
{
  (void)env;
  (void)hint;
  solver *self = data;
  rb_spectral_free(self->state);
  free(self);
}

napi_value rb_js_spectral_kernels(napi_env env, napi_callback_info info)
{
  (void)info;
  size_t count;
  const rb_spectral_kernel *const *kernels = rb_spectral_kernels(&count);
  napi_value list;
  napi_create_array_with_length(env, count, &list);
  for (size_t i = 0; i < count; i++) {
    napi_value entry;
    napi_create_object(env, &entry);
    rb_set_string(env, entry, "name", kernels[i]->name);
    rb_set_string(env, entry, "isa", kernels[i]->isa);
    rb_set_number(env, entry, "lanes", kernels[i]->lanes);
    rb_set_number(env, entry, "features", kernels[i]->features);
    napi_set_element(env, list, (uint32_t)i, entry);
  }
  return list;
}

/* Copies the tables of JavaScript, in the order of addon.ts, each of the length it must have. */
static int copy_tables(napi_env env, napi_value list, rb_spectral *state, int with_source)
{
  const size_t n = (size_t)state->n, points = (size_t)state->points;
  double *cosines, *sines, *live;
  double *const targets[] = {state->wave, state->k_squared, state->kernel, state->elliptic, state->e.re,  state->e.im,  state->e2.re,       state->e2.im,       state->q.re,      state->q.im,
                             state->f1.re, state->f1.im,     state->f2.re,  state->f2.im,    state->f3.re, state->f3.im, state->spectrum.re, state->spectrum.im, state->source.re, state->source.im};
  const size_t count = sizeof targets / sizeof targets[0] - (with_source ? 0 : 2);
  uint32_t length = 0;
  bool is_array = false;
  napi_value value;
  if (napi_is_array(env, list, &is_array) != napi_ok || !is_array || napi_get_array_length(env, list, &length) != napi_ok || length != count + 3) return 0;
  if (napi_get_element(env, list, 0, &value) != napi_ok || !get_numbers(env, value, n, &cosines)) return 0;
  if (napi_get_element(env, list, 1, &value) != napi_ok || !get_numbers(env, value, n, &sines)) return 0;
  if (napi_get_element(env, list, 2, &value) != napi_ok || !get_numbers(env, value, n, &live)) return 0;
  for (size_t i = 0; i < n; i++) state->live[i] = live[i] != 0;
  for (size_t i = 0; i < count; i++) {
    double *numbers;
    const size_t wanted = i == 0 ? n : points;
    if (napi_get_element(env, list, (uint32_t)i + 3, &value) != napi_ok || !get_numbers(env, value, wanted, &numbers)) return 0;
    memcpy(targets[i], numbers, wanted * sizeof(double));
  }
  rb_spectral_prepare(state, cosines, sines);
  return 1;
}

napi_value rb_js_spectral_open(napi_env env, napi_callback_info info)
{
  napi_value args[6];
  if (!rb_arguments(env, info, 6, args)) return NULL;
  char name[32];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, args[0], name, sizeof name, &length) != napi_ok) return rb_fail(env, "kernel must be a string");
  const rb_spectral_kernel *kernel = rb_spectral_kernel_named(name);
  double n, dim, *numbers;
  bool with_source = false;
  if (kernel == NULL) return rb_fail(env, "no such kernel on this processor");
  if (!rb_get_integer(env, args[2], 2, 3, &dim)) return rb_fail(env, "dim must be 2 or 3");
  if (!rb_get_integer(env, args[1], 16, dim == 2 ? RB_SPECTRAL_MAX_N : 64, &n) || ((int)n & ((int)n - 1)) != 0) return rb_fail(env, "n must be a power of two, 16 to 256, in three dimensions to 64");
  if (!get_numbers(env, args[3], sizeof(rb_spectral_numbers) / sizeof(double), &numbers)) return rb_fail(env, "numbers must be a Float64Array of the right length");
  if (napi_get_value_bool(env, args[5], &with_source) != napi_ok) return rb_fail(env, "withSource must be a boolean");

  solver *self = calloc(1, sizeof *self);
  rb_spectral *state = self == NULL ? NULL : rb_spectral_new((int)n, (int)dim, with_source);
  if (state == NULL) {
    free(self);
    return rb_fail(env, "out of memory");
  }
  self->kernel = kernel;
  self->state = state;
  memcpy(&state->number, numbers, sizeof state->number);
  napi_value handle;
  if (!copy_tables(env, args[4], state, with_source)) {
    finalize(env, self, NULL);
    return rb_fail(env, "tables must be Float64Arrays of n or n^dim numbers");
  }
  if (napi_create_object(env, &handle) != napi_ok || napi_wrap(env, handle, self, finalize, NULL, NULL) != napi_ok) {
    finalize(env, self, NULL);
    return rb_fail(env, "the handle could not be made");
  }
  napi_type_tag_object(env, handle, &SPECTRAL_TAG);
  return handle;
}

napi_value rb_js_spectral_step(napi_env env, napi_callback_info info)
{
  napi_value args[2];
  double count;
  if (!rb_arguments(env, info, 2, args)) return NULL;
  const solver *self = get_solver(env, args[0]);
  if (self == NULL || self->state == NULL) return rb_fail(env, "not an open solver");
  if (!rb_get_integer(env, args[1], 0, 1e9, &count)) return rb_fail(env, "count must be a whole number up to 1e9");
  self->kernel->steps(self->state, (int)count);
  return rb_undefined(env);
}

napi_value rb_js_spectral_read(napi_env env, napi_callback_info info)
{
  napi_value args[3];
  double which, *out;
  if (!rb_arguments(env, info, 3, args)) return NULL;
  const solver *self = get_solver(env, args[0]);
  if (self == NULL || self->state == NULL) return rb_fail(env, "not an open solver");
  const double *const arrays[] = {self->state->spectrum.re, self->state->spectrum.im, self->state->inverse_omega_squared, self->state->ratio};
  const size_t points = (size_t)self->state->points;
  if (!rb_get_integer(env, args[1], 0, 3, &which)) return rb_fail(env, "which must be 0 to 3");
  if (!get_numbers(env, args[2], points, &out)) return rb_fail(env, "out must be a Float64Array of n^dim numbers");
  memcpy(out, arrays[(int)which], points * sizeof(double));
  return rb_undefined(env);
}

napi_value rb_js_spectral_close(napi_env env, napi_callback_info info)
{
  napi_value args[1];
  if (!rb_arguments(env, info, 1, args)) return NULL;
  solver *self = get_solver(env, args[0]);
  if (self == NULL) return rb_fail(env, "not a solver");
  rb_spectral_free(self->state);
  self->state = NULL;
  return rb_undefined(env);
}
