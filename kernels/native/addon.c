/* The Node-API face of the addon (Node-API 8, plain C). */
#include "../spectral/addon_spectral.h"
#include "addon.h"
#include "arguments.h"
#include "sd_notify.h"

/* sdNotify(state): true when the service manager's socket took it. */
static napi_value js_sd_notify(napi_env env, napi_callback_info info)
{
  napi_value args[1], value;
  char state[4096];
  size_t length = 0;
  if (!rb_arguments(env, info, 1, args)) return NULL;
  if (napi_get_value_string_utf8(env, args[0], state, sizeof state, &length) != napi_ok || length == sizeof state - 1)
    return rb_fail(env, "state must be a string of less than 4095 bytes");
  napi_get_boolean(env, rb_sd_notify(state, length), &value);
  return value;
}

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT()
{
  const napi_property_descriptor methods[] = {
    METHOD("kernels", rb_js_kernels),
    METHOD("cpuFeatures", rb_js_cpu_features),
    METHOD("scan", rb_js_scan),
    METHOD("threadCpuNs", rb_js_thread_cpu_ns),
    METHOD("measure", rb_js_measure),
    METHOD("clockHertz", rb_js_clock_hertz),
    METHOD("pinThread", rb_js_pin_thread),
    METHOD("unpinThread", rb_js_unpin_thread),
    METHOD("open", rb_js_open),
    METHOD("setJob", rb_js_set_job),
    METHOD("clearJob", rb_js_clear_job),
    METHOD("setPaused", rb_js_set_paused),
    METHOD("setLimit", rb_js_set_limit),
    METHOD("drain", rb_js_drain),
    METHOD("stop", rb_js_stop),
    METHOD("close", rb_js_close),
    METHOD("sdNotify", js_sd_notify),
    METHOD("spectralKernels", rb_js_spectral_kernels),
    METHOD("spectralOpen", rb_js_spectral_open),
    METHOD("spectralStep", rb_js_spectral_step),
    METHOD("spectralRead", rb_js_spectral_read),
    METHOD("spectralClose", rb_js_spectral_close),
  };
  napi_define_properties(env, exports, sizeof methods / sizeof methods[0], methods);
  return exports;
}
