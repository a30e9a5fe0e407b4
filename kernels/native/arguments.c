#include "arguments.h"

napi_value rb_fail(napi_env env, const char *message)
{
  napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", message);
  return NULL;
}

napi_value rb_undefined(napi_env env)
{
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

int rb_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values)
{
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return 1;
  rb_fail(env, "too few arguments");
  return 0;
}

int rb_get_bytes(napi_env env, napi_value value, size_t length, const uint8_t **bytes)
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

int rb_get_words(napi_env env, napi_value value, uint32_t **words, size_t *length)
{
  napi_typedarray_type type;
  void *data = NULL;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return 0;
  if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok) return 0;
  *words = data;
  return type == napi_uint32_array;
}

int rb_get_integer(napi_env env, napi_value value, double low, double high, double *number)
{
  return napi_get_value_double(env, value, number) == napi_ok && *number >= low && *number <= high && *number == (double)(int64_t)*number;
}

const rb_kernel *rb_get_kernel(napi_env env, napi_value value)
{
  char name[32];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, name, sizeof name, &length) != napi_ok) return NULL;
  const rb_kernel *kernel = rb_kernel_named(name);
  return kernel != NULL && (kernel->features & ~rb_cpu_features()) == 0 ? kernel : NULL;
}

void rb_set_number(napi_env env, napi_value object, const char *key, double number)
{
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, key, value);
}

void rb_set_string(napi_env env, napi_value object, const char *key, const char *text)
{
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, key, value);
}
