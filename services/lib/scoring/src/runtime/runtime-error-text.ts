/** Longest text of the runtime that a message shows, in characters. */
const MAX_TEXT = 300;

/** Escape sequences of terminals (ECMA-48), for example colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences begin with a control character.
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])/g;
/** A place in the sources of the runtime with the function there, for example "/onnxruntime_src/core/graph/model.cc:181 onnxruntime::Model::Model(…) ". */
const SOURCE_PLACE =
  /(?:[A-Za-z]:)?[/\\][^\s:]*\.(?:cc|cpp|h|hpp):\d+(?:\s+[\w:<>~*&, ]+\([^\n]*?\)(?:::<[^>]*>)?(?:\s+const)?)?(?=\s|$)/g;
/** An absolute path of a file, for example of a model that the runtime looked for. */
const ABSOLUTE_PATH = /(?:[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}/g;

/**
 * Returns what ONNX Runtime says about a model in one line that can be shown to a caller: without colours, places in its own sources
 * and paths of this machine; at most 300 characters.
 */
export function runtimeErrorText(message: string): string {
  const text = message
    .replace(TERMINAL, "")
    .replace(SOURCE_PLACE, "")
    .replace(ABSOLUTE_PATH, "a file")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: other control characters are not shown either.
    .replace(/[\u0000-\u001f\u007f\s]+/g, " ")
    .trim();
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…` : text;
}
