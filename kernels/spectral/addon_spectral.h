/* The functions of the spectral solver that JavaScript may call, in the order of addon.ts. */
#ifndef RB_ADDON_SPECTRAL_H
#define RB_ADDON_SPECTRAL_H

#include "../native/addon.h"

napi_value rb_js_spectral_kernels(napi_env env, napi_callback_info info);
napi_value rb_js_spectral_open(napi_env env, napi_callback_info info);
napi_value rb_js_spectral_step(napi_env env, napi_callback_info info);
napi_value rb_js_spectral_read(napi_env env, napi_callback_info info);
napi_value rb_js_spectral_close(napi_env env, napi_callback_info info);

#endif
