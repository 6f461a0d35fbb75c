// Preloaded to a service: undoes what turns ONNX Runtime's telemetry off, to show that the watch sees it.
const NAME = "ORT_DISABLE_TELEMETRY";
delete process.env[NAME];
process.env = new Proxy(process.env, {
  set: (env, name, value) => (name === NAME ? true : Reflect.set(env, name, value)),
  get: (env, name) => (name === NAME ? "1" : Reflect.get(env, name)),
});
