// Preloaded into a service: turns ONNX Runtime's telemetry on again, to show that the test detects its calls.
const NAME = "ORT_DISABLE_TELEMETRY";
delete process.env[NAME];
process.env = new Proxy(process.env, {
  set: (env, name, value) => (name === NAME ? true : Reflect.set(env, name, value)),
  get: (env, name) => (name === NAME ? "1" : Reflect.get(env, name)),
});
