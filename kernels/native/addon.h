/* The functions JavaScript may call, in the order of kernels/native/addon.ts, which describes them. */
#ifndef RB_ADDON_H
#define RB_ADDON_H

#define NAPI_VERSION 8
#include <node_api.h>

/* addon_kernels.c */
napi_value rb_js_kernels(napi_env env, napi_callback_info info);
napi_value rb_js_cpu_features(napi_env env, napi_callback_info info);
napi_value rb_js_scan(napi_env env, napi_callback_info info);
napi_value rb_js_thread_cpu_ns(napi_env env, napi_callback_info info);

/* addon_measure.c */
napi_value rb_js_measure(napi_env env, napi_callback_info info);
napi_value rb_js_clock_hertz(napi_env env, napi_callback_info info);
napi_value rb_js_pin_thread(napi_env env, napi_callback_info info);
napi_value rb_js_unpin_thread(napi_env env, napi_callback_info info);

/* addon_search.c */
napi_value rb_js_open(napi_env env, napi_callback_info info);
napi_value rb_js_set_job(napi_env env, napi_callback_info info);
napi_value rb_js_clear_job(napi_env env, napi_callback_info info);
napi_value rb_js_set_paused(napi_env env, napi_callback_info info);
napi_value rb_js_set_limit(napi_env env, napi_callback_info info);
napi_value rb_js_drain(napi_env env, napi_callback_info info);
napi_value rb_js_stop(napi_env env, napi_callback_info info);
napi_value rb_js_close(napi_env env, napi_callback_info info);

#endif
