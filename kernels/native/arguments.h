/* Reading arguments of JavaScript and making values for it. Every reader checks: a wrong call throws, it never crashes. */
#ifndef RB_ARGUMENTS_H
#define RB_ARGUMENTS_H

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#include <node_api.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel.h"

/* Throws a TypeError. Returns NULL. */
napi_value rb_fail(napi_env env, const char *message);

napi_value rb_undefined(napi_env env);

/* At least `count` arguments; 0 and an exception when there are fewer. */
int rb_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);

/* The readers return 0, and throw nothing, when the value is not what they read. */

/* A Uint8Array of `length` bytes. */
int rb_get_bytes(napi_env env, napi_value value, size_t length, const uint8_t **bytes);

/* A Uint32Array. */
int rb_get_words(napi_env env, napi_value value, uint32_t **words, size_t *length);

/* A number that is an integer in [low, high]. */
int rb_get_integer(napi_env env, napi_value value, double low, double high, double *number);

/* The kernel of that name; NULL when there is none or this processor cannot run it. */
const rb_kernel *rb_get_kernel(napi_env env, napi_value value);

void rb_set_number(napi_env env, napi_value object, const char *key, double number);
void rb_set_string(napi_env env, napi_value object, const char *key, const char *text);

#endif
